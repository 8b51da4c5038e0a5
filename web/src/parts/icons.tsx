/** Every sign of the console, drawn on 16 px with one line; each has one meaning. A sign alone needs a name beside it or on its button. */

const SHAPES = {
  upload: '<path d="M8 10.5v-8M4.75 5.5L8 2.25 11.25 5.5M2.5 10.5v2.25a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V10.5"/>',
  library:
    '<rect x="2" y="2.5" width="5" height="5" rx="1"/><rect x="9" y="2.5" width="5" height="5" rx="1"/><rect x="2" y="9.5" width="5" height="4" rx="1"/><rect x="9" y="9.5" width="5" height="4" rx="1"/>',
  operations:
    '<path d="M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7"/><circle cx="11" cy="4.5" r="2"/><circle cx="5" cy="11.5" r="2"/>',
  search: '<circle cx="7" cy="7" r="4.25"/><path d="M10.25 10.25L14 14"/>',
  theme: '<path d="M13.25 9.5A5.75 5.75 0 0 1 6.5 2.75a5.75 5.75 0 1 0 6.75 6.75z"/>',
  help: '<circle cx="8" cy="8" r="6"/><path d="M6.25 6.25a1.8 1.8 0 1 1 2.6 1.65c-.6.3-.85.6-.85 1.35M8 11.25v.01"/>',
  plus: '<path d="M8 3v10M3 8h10"/>',
  server:
    '<rect x="2" y="2.5" width="12" height="4.5" rx="1"/><rect x="2" y="9" width="12" height="4.5" rx="1"/><path d="M4.5 4.75h.01M4.5 11.25h.01" stroke-width="2"/>',
  ai: '<circle cx="8" cy="8" r="5.5"/><circle cx="8" cy="8" r="2"/>',
  bell: '<path d="M4 11V7.25a4 4 0 0 1 8 0V11l1.25 1.25H2.75zM6.75 14h2.5"/>',
  ready: '<circle cx="8" cy="8" r="6"/><path d="M5.25 8.25l2 2 3.5-4"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M3.5 10.5h-1v-8h8v1"/>',
  bookmark: '<path d="M4 2.5h8v11l-4-3-4 3z"/>',
  back: '<path d="M9.75 4l-4 4 4 4"/>',
  forward: '<path d="M6.25 4l4 4-4 4"/>',
  down: '<path d="M4 6.25l4 4 4-4"/>',
  up: '<path d="M4 9.75l4-4 4 4"/>',
  edit: '<path d="M3 13l.6-2.8L10.75 3l2.25 2.25-7.2 7.15z"/>',
  download: '<path d="M8 2.25v8M4.75 7L8 10.25 11.25 7M2.5 10.5v2.25a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V10.5"/>',
  link: '<path d="M6.75 9.25l2.5-2.5M7 4.75l1.25-1.25a2.9 2.9 0 0 1 4.25 4.1L11.25 9M9 11.25L7.75 12.5a2.9 2.9 0 0 1-4.25-4.1L4.75 7"/>',
  more: '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2"/>',
  minus: '<path d="M3 8h10"/>',
  document: '<path d="M4 1.75h5.25L12.5 5v9.25H4zM9 2v3.25h3.25M6 8.25h4.5M6 10.75h3"/>',
  person: '<path d="M8 2.25L14.25 13.25H1.75zM8 6.5v3M8 11.25v.01"/>',
  absent: '<circle cx="8" cy="8" r="6" stroke-dasharray="2.4 2"/><path d="M5.5 8h5"/>',
  gateway: '<path d="M2.5 13.5V6a5.5 5.5 0 0 1 11 0v7.5M6 13.5V7a2 2 0 0 1 4 0v6.5M1.5 13.5h13"/>',
  database:
    '<ellipse cx="8" cy="4" rx="5" ry="1.9"/><path d="M3 4v8c0 1.05 2.24 1.9 5 1.9s5-.85 5-1.9V4M3 8c0 1.05 2.24 1.9 5 1.9s5-.85 5-1.9"/>',
  processing:
    '<circle cx="8" cy="8" r="2.25"/><path d="M8 1.75v2M8 12.25v2M1.75 8h2M12.25 8h2M3.6 3.6l1.4 1.4M11 11l1.4 1.4M12.4 3.6L11 5M5 11l-1.4 1.4"/>',
  waiting: '<path d="M4 2h8M4 14h8M4.75 2v2.5L8 8l3.25-3.5V2M4.75 14v-2.5L8 8l3.25 3.5V14"/>',
  grid: '<rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="9" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="2.5" y="9" width="4.5" height="4.5" rx="1"/><rect x="9" y="9" width="4.5" height="4.5" rx="1"/>',
  list: '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
  image:
    '<rect x="2" y="3" width="12" height="10" rx="1"/><circle cx="5.5" cy="6.25" r="1"/><path d="M2.5 11.5L6.5 8.5l2.5 2 2-1.5 3 2.5"/>',
  table: '<rect x="2" y="3" width="12" height="10" rx="1"/><path d="M2 6.5h12M2 9.75h12M6.5 3v10"/>',
  mail: '<rect x="2" y="3.5" width="12" height="9" rx="1"/><path d="M2.25 4.25L8 8.75l5.75-4.5"/>',
  text: '<path d="M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5"/>',
  video: '<rect x="1.75" y="3.5" width="9" height="9" rx="1"/><path d="M10.75 7l3.5-2v6l-3.5-2"/>',
  audio: '<path d="M2.5 6.5v3M5.25 4v8M8 5.5v5M10.75 2.75v10.5M13.5 6v4"/>',
  running: '<circle cx="8" cy="8" r="6" stroke-opacity=".28"/><path d="M8 2a6 6 0 0 1 6 6" stroke-width="2"/>',
  slides: '<rect x="2" y="3" width="12" height="8" rx="1"/><path d="M8 11v2.5M5.5 13.5h5"/>',
  pause: '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
  retry: '<path d="M13 8a5 5 0 1 1-1.7-3.75M13 2v3h-3"/>',
  archive: '<path d="M2.5 5.5h11v8h-11zM2 2.5h12v3H2zM6.5 8.5h3"/>',
  parked: '<rect x="2.25" y="2.25" width="11.5" height="11.5" rx="1.5"/><path d="M6.5 5.5v5M9.5 5.5v5"/>',
  play: '<path d="M5 3.25v9.5l7.5-4.75z"/>',
  failed: '<path d="M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM6 6l4 4M10 6l-4 4"/>',
  close: '<path d="M4 4l8 8M12 4l-8 8"/>',
  live: '<path d="M1.5 8.5h3l2-5.5 3 10 2-4.5h3"/>',
  key: '<circle cx="5" cy="8" r="2.75"/><path d="M7.75 8h6.5M12 8v2.5"/>',
  tag: '<path d="M2.5 7.5v-4a1 1 0 0 1 1-1h4l6 6-5 5z"/><circle cx="5.5" cy="5.5" r=".6"/>',
  trash: '<path d="M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.75 7v4M9.25 7v4"/>',
  globe:
    '<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14M8 2C6 4 5.4 6 5.4 8S6 12 8 14"/>',
  quarantined: '<path d="M8 1.75l5.25 2v4c0 3.25-2.25 5.35-5.25 6.5-3-1.15-5.25-3.25-5.25-6.5v-4zM5.75 6l4.5 4.5"/>',
} as const;

export type IconName = keyof typeof SHAPES;

/** The markup is a constant of this file, never anything a file or a service says. */
export function Icon({ name, class: more = "" }: { name: IconName; class?: string }) {
  return (
    <svg
      class={`i ${more}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      dangerouslySetInnerHTML={{ __html: SHAPES[name] }}
    />
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="10" />
      <circle cx="12" cy="12" r="2.6" />
      <path d="M12 9.4C12 6.5 13.6 4 16.6 3.2M14.25 10.7c2.5-1.45 5.45-1.3 7.65.9M14.25 13.3c2.5 1.45 3.85 4.1 3.05 7.1M12 14.6c0 2.9-1.6 5.4-4.6 6.2M9.75 13.3c-2.5 1.45-5.45 1.3-7.65-.9M9.75 10.7C7.25 9.25 5.9 6.6 6.7 3.6" />
    </svg>
  );
}
