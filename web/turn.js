// Turns the head of a live face: by dragging it, or with the arrow keys.
const HELD_S = 3600, LET_GO_S = 0.1, STEP = 0.2, EVERY_MS = 60;

const within = (value) => Math.min(1, Math.max(-1, value));

/** look(x, y, seconds): shares -1..1 to the picture's right and up. */
export function turnable(element, look) {
  let x = 0, y = 0, from, sent = 0;
  const turn = (newX, newY) => {
    [x, y] = [within(newX), within(newY)];
    if (performance.now() - sent < EVERY_MS) return;
    sent = performance.now();
    look(x, y, HELD_S);
  };
  const letGo = () => { x = y = 0; look(0, 0, LET_GO_S); };
  element.style.touchAction = "none";
  element.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, lookX: x, lookY: y };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!from) return;
    const half = element.clientWidth / 4; // a quarter of the picture turns the head as far as it goes
    turn(from.lookX + (event.clientX - from.x) / half, from.lookY - (event.clientY - from.y) / half);
  });
  for (const end of ["pointerup", "pointercancel"])
    element.addEventListener(end, () => { if (from && (x || y)) look(x, y, HELD_S); from = undefined; });
  element.addEventListener("dblclick", letGo);
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
    if (step) turn(x + step[0], y + step[1]);
    else if (event.key === "Home") letGo();
    else return;
    event.preventDefault();
  });
}
