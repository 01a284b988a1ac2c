#!/usr/bin/env bash
# Checks and times the trainer on a machine that has a GPU and PyTorch, and needs nothing else of Vultus' but the headers
# of fmt, nlohmann-json and zlib (Debian: libfmt-dev nlohmann-json3-dev zlib1g-dev).
#
#   tools/check_cuda.sh SECONDS [CORPUS]
#
# Builds it; compares loss and gradients of both stages with the processor's; stops and resumes; asks for two processes;
# measures images a second beside those of the networks alone; with a CORPUS (its frames unpacked) trains that person for
# the time that is left. Ends within SECONDS; the last line of its output is JSON. Environment: DEVICE=cpu rehearses it
# without a GPU, BUILD=folder of the build, OUT=folder of what it writes, PREFIX=where the headers are, SIZES, BATCHES,
# PYTHON.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUDGET_S=${1:?usage: tools/check_cuda.sh SECONDS [CORPUS]} CORPUS=${2:-}
readonly DEVICE=${DEVICE:-cuda} BUILD=${BUILD:-build/trainer} PYTHON=${PYTHON:-python3}
OUT=${OUT:-$(mktemp -d)}
mkdir -p "$OUT"
readonly TRAIN=$BUILD/vultus-train WORK=$OUT/work
rm -rf "$WORK"
mkdir -p "$WORK"

left_s() { echo $((BUDGET_S - SECONDS)); }
say() { echo "[check_cuda $SECONDS s] $*" >&2; }
result() { echo "$1" >>"$WORK/results"; say "$1"; }  # "key": value
failed=0

build() {
  [ -x "$TRAIN" ] && { result "\"build_s\": 0"; return; }
  local torch
  torch=$($PYTHON -c 'import torch; print(torch.utils.cmake_prefix_path)' 2>/dev/null || true)
  cmake -S . -B "$BUILD" -G "$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')" \
    -DCMAKE_BUILD_TYPE=Release -DVULTUS_WITH_MEDIA=OFF -DVULTUS_WITH_RUNTIME=OFF -DVULTUS_BUILD_TESTS=OFF \
    -DVULTUS_FMT_HEADER_ONLY=ON -DCMAKE_PREFIX_PATH="$torch;${PREFIX:-}" >"$WORK/configure.log" 2>&1 ||
    { tail -20 "$WORK/configure.log" >&2; exit 1; }
  grep 'LibTorch' "$WORK/configure.log" >&2 || true
  cmake --build "$BUILD" --target vultus-train --parallel "$(nproc)" >"$WORK/build.log" 2>&1 ||
    { grep -m5 -A3 'error' "$WORK/build.log" >&2; exit 1; }
  result "\"build_s\": $SECONDS"
}

# SIZE STAGE [train options...]: the same first step on the processor and on the device, in float32; prints how far the
# gradients (the optimizer's first moments) lie apart, relative to their size.
compare() {
  local size=$1 stage=$2 where
  shift 2
  for where in cpu "$DEVICE"; do
    "$TRAIN" "$WORK/drawn$size.corpus" -o "$WORK/$stage-${where%%:*}-x.vultus" --size "$size" --stage "$stage" --precision float32 \
      --device "$where" --steps 1 --batch 4 --learning-rate 6e-4 --no-calibration --restart "$@" 2>"$WORK/compare.log" ||
      { tail -3 "$WORK/compare.log" >&2; return 1; }
    mv "$WORK/$stage-${where%%:*}-x.vultus.training/$stage.safetensors" "$WORK/$stage-${where/cpu/cpu0}.step"
    [ "$stage" = speech ] || cp "$WORK/$stage-${where%%:*}-x.vultus" "$WORK/images.vultus"
  done
  $PYTHON - "$WORK/$stage-cpu0.step" "$WORK/$stage-${DEVICE/cpu/cpu0}.step" <<'PY'
import json, struct, sys
import numpy
def moments(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    parts = [numpy.frombuffer(data[e["data_offsets"][0]:e["data_offsets"][1]], "<f4")
             for name, e in sorted(header.items()) if name.startswith("adam.first.")]
    return numpy.concatenate(parts).astype(float)
a, b = (moments(path) for path in sys.argv[1:])
print(f"{numpy.linalg.norm(a - b) / numpy.linalg.norm(a):.2e}")
PY
}

# A run, and the same stopped by an interrupt and resumed: how far the weights lie apart.
resume() {
  local steps=400 common=(--size 64 --stage dae --device "$DEVICE" --precision float32 --batch 4 --no-calibration)
  [ "$DEVICE" != cpu ] || steps=30
  "$TRAIN" "$WORK/drawn64.corpus" -o "$WORK/straight.vultus" "${common[@]}" --steps $steps 2>/dev/null
  "$TRAIN" "$WORK/drawn64.corpus" -o "$WORK/resumed.vultus" "${common[@]}" --steps $steps --checkpoint-every 0.2s \
    2>/dev/null &
  while kill -0 $! 2>/dev/null && [ ! -e "$WORK/resumed.vultus.training/dae.safetensors" ]; do sleep 0.05; done
  kill -INT $! 2>/dev/null || say "the run was over before it was stopped"
  wait $! || true
  "$TRAIN" "$WORK/drawn64.corpus" -o "$WORK/resumed.vultus" "${common[@]}" --steps $steps 2>/dev/null
  $PYTHON - "$WORK"/straight.vultus.training/dae.safetensors "$WORK"/resumed.vultus.training/dae.safetensors <<'PY'
import json, struct, sys
import numpy
def weights(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return numpy.concatenate([numpy.frombuffer(data[e["data_offsets"][0]:e["data_offsets"][1]], "<f4")
        for name, e in sorted(header.items()) if name.startswith("unet.")]).astype(float)
a, b = (weights(path) for path in sys.argv[1:])
print(f"{numpy.linalg.norm(a - b) / numpy.linalg.norm(a):.2e}")
PY
}

# Two processes: what they say.
two_processes() {
  local rank
  for rank in 1 0; do
    WORLD_SIZE=2 RANK=$rank LOCAL_RANK=$rank MASTER_ADDR=127.0.0.1 MASTER_PORT=29533 timeout 30 "$TRAIN" \
      "$WORK/drawn64.corpus" -o "$WORK/two.vultus" --size 64 --stage dae --device "$DEVICE" --steps 2 --batch 4 \
      --no-calibration 2>"$WORK/rank$rank.log" &
  done
  wait $! && echo trained || tr '\r' '\n' <"$WORK/rank0.log" | grep . | tail -1 | tr -d '"' | cut -c1-200
}

# SIZE: something to train on.
draw() {
  [ -d "$WORK/drawn$1.corpus" ] || $PYTHON tools/drawn_corpus.py "$WORK/drawn$1.corpus" --size "$1" --clips 2 --frames 16
}

speed() {
  local preset size batch line lines=()
  for preset in live paper; do
    for size in ${SIZES:-256 512}; do
      [ "$preset" = paper ] && [ "$size" != 256 ] && [ -z "${SIZES:-}" ] && continue
      draw "$size"
      for batch in ${BATCHES:-16 64 256}; do
        [ "$(left_s)" -gt 25 ] || continue
        line=$("$TRAIN" "$WORK/drawn$size.corpus" --stage speed --preset "$preset" --size "$size" --batch "$batch" \
          --device "$DEVICE" 2>"$WORK/speed.log") || { tail -1 "$WORK/speed.log" >&2; continue; }
        say "$line"
        lines+=("$line")
      done
    done
  done
  result "\"speed\": [$(IFS=,; echo "${lines[*]}")]"
}

learn() {
  local budget_s=$(($(left_s) - 20))
  [ "$budget_s" -gt 30 ] || return 0
  "$TRAIN" "$CORPUS" -o "$OUT/person.vultus" --device "$DEVICE" --budget "${budget_s}s" --no-calibration \
    --checkpoint-every 1h 2>&1 | tr '\r' '\n' | grep -E 'step|train\]' >"$OUT/learn.log" || true
  result "\"learnt\": \"$(grep 'dae step' "$OUT/learn.log" | tail -1 | tr -d '"')\""
}

within() {  # NAME VALUE LIMIT
  $PYTHON -c "import sys; sys.exit(not float('$2') <= float('$3'))" || { say "$1: $2, expected at most $3"; failed=1; }
}

build
$PYTHON tools/drawn_corpus.py "$WORK/drawn64.corpus" --size 64 --clips 4 --frames 30
draw 256
for size in 256 64; do  # with and without reference frames; speech goes on from the latter
  images=$(compare "$size" dae)
  result "\"image_gradients_apart_$size\": $images"
  within "gradients of the images' stage at $size px" "$images" 2e-3
done
speech=$(compare 64 speech --speech log_mel --from "$WORK/images.vultus")
result "\"speech_gradients_apart\": $speech"
within "gradients of the speech stage" "$speech" 2e-3
resumed=$(resume)
result "\"resumed_apart\": $resumed"
within "a resumed run" "$resumed" 1e-2
result "\"two_processes\": \"$(two_processes)\""
speed
[ -z "$CORPUS" ] || learn
name=$($PYTHON -c 'import torch; print(torch.cuda.get_device_name(0))' 2>/dev/null || grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)
[ "$DEVICE" != cpu ] || name=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)
echo "{\"device\": \"$name\", \"seconds\": $SECONDS, $(paste -sd, "$WORK/results")}"
exit $failed
