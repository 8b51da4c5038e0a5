/** A button that opens a list of deeds or choices; arrows move, Escape closes, focus returns. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons";

export interface MenuItem {
  label: string;
  run: () => void;
  icon?: IconName;
  danger?: boolean;
}

interface MenuProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  label: string;
  items: MenuItem[];
  class?: string;
  /** What the button shows instead of its label and an arrow. */
  children?: ComponentChildren;
}

export function Menu({ open, onOpen, label, items, class: look = "flt", children }: MenuProps) {
  const box = useRef<HTMLDivElement>(null);
  const button = () => box.current?.querySelector<HTMLButtonElement>(":scope > button");
  const close = () => {
    onOpen(false);
    button()?.focus();
  };
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) onOpen(false);
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);
  const move = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      return close();
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const all = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };
  return (
    <div class="menu" ref={box} onKeyDown={move}>
      <button
        type="button"
        class={look}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={children ? label : undefined}
        title={children ? label : undefined}
        onClick={() => onOpen(!open)}
      >
        {children ?? (
          <>
            <span>{label}</span>
            <Icon name="down" />
          </>
        )}
      </button>
      {open && (
        <div class="sug pop" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.danger ? "danger" : ""}
              onClick={() => {
                close();
                item.run();
              }}
            >
              {item.icon && <Icon name={item.icon} />}
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
