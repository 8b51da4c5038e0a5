/** A picture of a page with the places of what was found: all outlined thinly, the chosen one filled. */
import { useState } from "preact/hooks";
import { Empty } from "../parts/bits";
import { words } from "../words";
import { SURE_FROM, type Fact } from "./facts";
import type { Line } from "./pages";

interface BoxesProps {
  url: string;
  alt: string;
  facts: Fact[];
  /** Its words, to be selected where they stand. */
  lines: Line[];
  lit: string | null;
  onLight: (fact: string) => void;
  zoom: number;
  /** Width and height that are kept free until the picture is here. */
  shape: [number, number];
  onShown?: () => void;
}

/** Room around the words, in shares of the page. */
const ROOM = 0.004;
/** Where letters stand in the height of their line. */
const BASELINE = 0.8;

export function Boxes({ url, alt, facts, lines, lit, onLight, zoom, shape, onShown }: BoxesProps) {
  const [size, setSize] = useState(shape);
  const [failed, fail] = useState(false);
  const [width, height] = size;
  if (failed) return <Empty icon="image" title={words.file.noPreview} />;
  return (
    <svg
      class="sheetpage"
      viewBox={`0 0 ${width} ${height}`}
      style={zoom === 1 ? undefined : { height: `${zoom * 100}%` }}
      role="group"
      aria-label={alt}
    >
      <foreignObject x="0" y="0" width={width} height={height}>
        <img
          src={url}
          alt={alt}
          onError={() => fail(true)}
          onLoad={(event) => {
            setSize([event.currentTarget.naturalWidth, event.currentTarget.naturalHeight]);
            onShown?.();
          }}
        />
      </foreignObject>
      {lines.map(({ text, box }, at) => (
        <text
          key={at}
          class="words"
          x={box.left * width}
          y={(box.top + box.height * BASELINE) * height}
          font-size={box.height * height}
          textLength={box.width * width}
          lengthAdjust="spacingAndGlyphs"
        >
          {text}
        </text>
      ))}
      {facts.map((fact) => {
        const box = fact.box!;
        const on = fact.id === lit;
        const low = fact.confidence !== null && fact.confidence < SURE_FROM;
        return (
          <g key={fact.id} class={on ? "ev on" : "ev"} onClick={() => onLight(fact.id)} data-fact={fact.id}>
            <title>{`${fact.label}: ${fact.value}`}</title>
            <rect
              class={low ? "low" : ""}
              x={(box.left - ROOM) * width}
              y={(box.top - ROOM) * height}
              width={(box.width + 2 * ROOM) * width}
              height={(box.height + 2 * ROOM) * height}
              rx={width / 300}
              vector-effect="non-scaling-stroke"
            />
          </g>
        );
      })}
    </svg>
  );
}
