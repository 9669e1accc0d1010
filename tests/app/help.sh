# --help of every command fits two screens and needs neither mpirun nor data.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
"$fedscape" | sed -n 's/^  fedscape \([a-z ]*[a-z]\)  .*/\1/p' >commands.txt
[ "$(wc -l <commands.txt)" -ge 9 ] || fail "only $(cat commands.txt)"
while read -r command; do
  # shellcheck disable=SC2086
  "$fedscape" $command --help >help.txt || fail "$command --help"
  [ "$(wc -l <help.txt)" -le 100 ] || fail "$command --help has $(wc -l <help.txt) lines"
  [ "$(wc -L <help.txt)" -le 120 ] || fail "$command --help has a line of $(wc -L <help.txt) columns: $(awk 'length > 120' help.txt)"
done <commands.txt
