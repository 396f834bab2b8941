import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

export interface Viewport {
  fit(): void;
  zoom(factor: number): void;
  pan(dx: number, dy: number): void;
}

const least = 0.08;
const most = 2.5;
/** Below this scale texts cannot be read, and are not drawn. */
const legible = 0.45;
/** Around what has the focus. */
const legroom = 24;

/**
 * Moves and scales `inner` within `outer` by pointer, wheel and whoever calls the viewport. Only the transform of one element changes, which
 * browsers do without drawing anew.
 */
export function usePanZoom(
  outer: RefObject<HTMLElement | null>,
  inner: RefObject<SVGSVGElement | null>,
  size: { readonly width: number; readonly height: number },
  ready: (viewport: Viewport) => void,
): void {
  // Listeners stay as long as the size does.
  useEffect(() => {
    const [frame, content] = [outer.current, inner.current];
    if (frame === null || content === null) return undefined;
    let [x, y, scale] = [0, 0, 1];
    let scheduled = false;
    const draw = () => {
      scheduled = false;
      content.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      content.classList.toggle('far', scale < legible);
    };
    const schedule = () => {
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(draw);
    };
    const zoomAt = (factor: number, cx: number, cy: number) => {
      const next = Math.min(most, Math.max(least, scale * factor));
      [x, y] = [cx - ((cx - x) * next) / scale, cy - ((cy - y) * next) / scale];
      scale = next;
      schedule();
    };
    const fit = () => {
      const { clientWidth: width, clientHeight: height } = frame;
      scale = Math.max(least, Math.min(1.15, (width - 32) / size.width, (height - 32) / size.height));
      [x, y] = [(width - size.width * scale) / 2, (height - size.height * scale) / 2];
      schedule();
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = frame.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
    };
    let held: { readonly x: number; readonly y: number } | undefined;
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest('a, button, [role=button]') !== null) return;
      held = { x: event.clientX - x, y: event.clientY - y };
      frame.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      if (held === undefined) return;
      [x, y] = [event.clientX - held.x, event.clientY - held.y];
      schedule();
    };
    const onUp = () => {
      held = undefined;
    };
    const leaveFocus = followFocus(frame, (dx, dy) => {
      [x, y] = [x + dx, y + dy];
      // At once: where the next one is shall not be measured as it was before.
      draw();
    });
    frame.addEventListener('wheel', onWheel, { passive: false });
    frame.addEventListener('pointerdown', onDown);
    frame.addEventListener('pointermove', onMove);
    frame.addEventListener('pointerup', onUp);
    frame.addEventListener('pointercancel', onUp);
    const resized = new ResizeObserver(fit);
    resized.observe(frame);
    ready({
      fit,
      zoom: (factor) => zoomAt(factor, frame.clientWidth / 2, frame.clientHeight / 2),
      pan: (dx, dy) => {
        [x, y] = [x + dx, y + dy];
        schedule();
      },
    });
    return () => {
      resized.disconnect();
      leaveFocus();
      frame.removeEventListener('wheel', onWheel);
      frame.removeEventListener('pointerdown', onDown);
      frame.removeEventListener('pointermove', onMove);
      frame.removeEventListener('pointerup', onUp);
      frame.removeEventListener('pointercancel', onUp);
    };
  }, [size.width, size.height]);
}

/** Says by how much to move so that what the keyboard has come to is in sight, until the returned function is called. */
function followFocus(frame: HTMLElement, move: (dx: number, dy: number) => void): () => void {
  // Browsers scroll to what has the focus, and nobody could scroll back.
  const onScroll = () => frame.scrollTo(0, 0);
  const onFocus = ({ target }: FocusEvent) => {
    if (target === frame || !(target as Element).matches(':focus-visible')) return;
    onScroll();
    const [at, seen] = [(target as Element).getBoundingClientRect(), frame.getBoundingClientRect()];
    move(shift(at.left, at.right, seen.left, seen.right), shift(at.top, at.bottom, seen.top, seen.bottom));
  };
  frame.addEventListener('focusin', onFocus);
  frame.addEventListener('scroll', onScroll);
  return () => {
    frame.removeEventListener('focusin', onFocus);
    frame.removeEventListener('scroll', onScroll);
  };
}

/** How far what lies between `low` and `high` has to be moved to lie within `from` and `to`. */
function shift(low: number, high: number, from: number, to: number): number {
  if (low < from + legroom) return from + legroom - low;
  return high > to - legroom ? to - legroom - high : 0;
}
