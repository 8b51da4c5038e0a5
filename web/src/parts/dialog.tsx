/** A dialog of the browser's own: focus is kept in it, Escape leaves, focus returns. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** False where leaving is no choice. */
  leave?: boolean;
}

export function Dialog({ title, onClose, children, leave = true }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={box}
      class="dlg"
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        if (leave) onClose();
      }}
      onClick={(event) => {
        if (leave && event.target === box.current) onClose();
      }}
    >
      <div class="inner">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
