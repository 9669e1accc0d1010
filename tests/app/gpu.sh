# tests/gpu.sh knows a machine with a device, real or emulated, from one without.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
GPU_STEPS=none bash "$root/tests/gpu.sh" --build "$(dirname "$fedscape")" --results table.md >said.txt 2>&1 || fail "$(cat said.txt)"
if [ "${FEDSCAPE_EMULATED:-0}" = 1 ]; then
  grep -q "^| check | result" table.md || fail "no table, but: $(cat said.txt)"
else
  grep -q "^skipped: \|^| check | result" said.txt || fail "neither a table nor why: $(cat said.txt)"
fi
