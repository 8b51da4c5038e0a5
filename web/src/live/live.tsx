export default function Live() {
  return <main id="main" />;
}
