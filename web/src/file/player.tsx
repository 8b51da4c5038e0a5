/** Sound and film: the browser's own player, and for sound its wave, in which one can seek. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Document } from "../api/shapes";
import { runningTime } from "../parts/format";
import { familyOf } from "../parts/kinds";
import { words } from "../words";

/** Arrow keys move so far, in seconds; with Shift, and Page Up and Down, so far. */
const STEP_S = 5;
const LEAP_S = 30;

export function Player({ file }: { file: Document }) {
  const base = `/api/metadata/files/${file.file_id}/renditions/`;
  const has = (name: string) => file.renditions.some((rendition) => rendition.name === name);
  const sound = useRef<HTMLAudioElement>(null);
  if (familyOf(file.content_type) === "video")
    return (
      <div class="stage player">
        <video
          controls
          preload="metadata"
          src={file.links.content}
          poster={has("preview") ? `${base}preview` : undefined}
        />
      </div>
    );
  return (
    <div class="stage player">
      {has("waveform") && <Wave url={`${base}waveform`} sound={sound} />}
      <audio ref={sound} controls preload="metadata" src={file.links.content} />
    </div>
  );
}

interface WaveProps {
  url: string;
  sound: { current: HTMLAudioElement | null };
}

/** The picture of the sound as a slider: what was heard is covered, a press or a key goes elsewhere. */
function Wave({ url, sound }: WaveProps) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState(0);
  useEffect(() => {
    const player = sound.current;
    if (!player) return;
    const look = () => {
      setAt(player.currentTime);
      setLength(Number.isFinite(player.duration) ? player.duration : 0);
    };
    const events = ["timeupdate", "seeking", "seeked", "durationchange", "loadedmetadata"];
    for (const name of events) player.addEventListener(name, look);
    look();
    return () => events.forEach((name) => player.removeEventListener(name, look));
  }, []);
  const go = (seconds: number) => {
    const player = sound.current;
    if (player && length) player.currentTime = Math.max(0, Math.min(length, seconds));
  };
  const press = (event: PointerEvent) => {
    const place = box.current?.getBoundingClientRect();
    if (!place || (event.type === "pointermove" && !event.buttons)) return;
    if (event.type === "pointerdown") box.current?.setPointerCapture(event.pointerId);
    go(((event.clientX - place.left) / place.width) * length);
  };
  const key = (event: KeyboardEvent) => {
    const far = event.shiftKey ? LEAP_S : STEP_S;
    const steps: Record<string, number> = {
      ArrowRight: at + far,
      ArrowUp: at + far,
      ArrowLeft: at - far,
      ArrowDown: at - far,
      PageUp: at + LEAP_S,
      PageDown: at - LEAP_S,
      Home: 0,
      End: length,
    };
    const to = steps[event.key];
    if (event.key === " ") void (sound.current?.paused ? sound.current.play() : sound.current?.pause());
    else if (to === undefined) return;
    else go(to);
    event.preventDefault();
  };
  const share = length ? (at / length) * 100 : 0;
  return (
    <div
      class="wave"
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label={words.file.seek}
      aria-valuemin={0}
      aria-valuemax={Math.round(length)}
      aria-valuenow={Math.round(at)}
      aria-valuetext={words.file.heard(runningTime(at), runningTime(length))}
      onPointerDown={press}
      onPointerMove={press}
      onKeyDown={key}
    >
      <img src={url} alt="" draggable={false} />
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="heard" width={share} height="10" />
        <line x1={share} x2={share} y1="0" y2="10" vector-effect="non-scaling-stroke" />
      </svg>
      <p class="m" aria-hidden="true">
        {words.file.heard(runningTime(at), runningTime(length))}
      </p>
    </div>
  );
}
