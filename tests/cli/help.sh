# jet help, jet help VERB, jet VERB --help, jet --version.
source "$(dirname "$0")/lib.bash"

verbs="generate chat tokenize inspect logits perplexity bench convert"
expect 0 "$JET" help
for verb in $verbs; do grep -qE "^  $verb +[a-z]" out || failed "jet help does not list $verb"; done
cp out overview
for form in --help -h; do
  expect 0 "$JET" "$form"
  cmp -s out overview || failed "jet $form is not jet help"
done

for verb in $verbs; do
  expect 0 "$JET" help "$verb"
  grep -qF "Usage: jet $verb" out || failed "no usage line: $(cat out)"
  grep -qE "^  jet $verb |\| jet $verb " out || failed "no example for $verb"
  cp out text
  expect 0 "$JET" "$verb" --help
  cmp -s out text || failed "jet $verb --help is not jet help $verb"
  [[ ! -s err ]] || failed "help on standard error"
done

expect 0 "$JET" --version
grep -qE '^jet [0-9]+\.[0-9]+\.[0-9]+$' out || failed "version: $(cat out)"
usage 'unknown verb "chatt"; did you mean chat?' help chatt
