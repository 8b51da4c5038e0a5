export default function Operations({ tab }: { tab: string }) {
  return <main id="main">{tab}</main>;
}
