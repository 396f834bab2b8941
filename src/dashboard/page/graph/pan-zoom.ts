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
      frame.removeEventListener('wheel', onWheel);
      frame.removeEventListener('pointerdown', onDown);
      frame.removeEventListener('pointermove', onMove);
      frame.removeEventListener('pointerup', onUp);
      frame.removeEventListener('pointercancel', onUp);
    };
  }, [size.width, size.height]);
}
