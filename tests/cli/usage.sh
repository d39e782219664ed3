# Wrong usage ends with exit code 2 and one line that says what would be right.
source "$(dirname "$0")/lib.bash"

usage 'a verb is missing'
usage 'unknown verb "generat"; did you mean generate?' generat
usage 'unknown verb "train"' train
usage 'unknown option --max-token; did you mean --max-tokens?' generate --model m --max-token 3
usage 'unknown option --beam; did you mean --beams?' generate --model m --beam 3
usage 'more than there are --beams' generate --model m --beams 2 --num-return-sequences 3
usage '--length-penalty and --early-stopping need --beams' generate --model m --length-penalty 2
usage '"often" is none of true, false, never' generate --model m --early-stopping often
usage '--logprobs and --beams' generate --model m --beams 2 --logprobs 1 --json
usage '--logprobs is printed with --json' generate --model m --logprobs 1
usage 'unknown option --quantise' convert a b --quantise q8_0
usage '--model is missing' generate --prompt x
usage '--model is missing' tokenize x
usage '"12x" is not a whole number of 0' generate --model m --max-tokens 12x
usage '"-1" is not a whole number of 0' generate --model m --max-tokens -1
usage '"99999999999999999999" is not a whole number' generate --model m --max-tokens 99999999999999999999
usage '"nan" is not a number' generate --model m --temperature nan
usage '"1.5" is not a number of 0 to 1' generate --model m --top-p 1.5
usage '"-0.1" is not a number' generate --model m --temperature=-0.1
usage '"0" is not a whole number of 1' generate --model m --threads 0
usage '"gpu" is none of cpu, cuda, auto' generate --model m --device gpu
usage '"f23" is none of f32, bf16, f16, auto; did you mean f32?' generate --model m --dtype f23
usage '--tokens: "x" is not a token id' logits --model m --tokens "1 x" --out f
usage '--model needs a value: M' generate --model
usage '--prompt needs a value: T' generate --model m --prompt
usage '--stop needs a value: T' generate --model m --stop
usage '--batch needs a value: N' bench --model m --batch
usage '--seed: "9223372036854775808" is not a whole number of 0 to 9223372036854775807' generate --model m --seed 9223372036854775808
usage '--temperature: "1e7" is not a number of 0 to 1000000' generate --model m --temperature 1e7
usage '--stop: an empty text' generate --model m --prompt x --stop a --stop ''
usage '--seed is given more than once' generate --model m --seed 1 --seed 2
usage '--json takes no value' generate --model m --json=3
usage '--tokens is missing' logits --model m --out f
usage '--out is missing' logits --model m --tokens 1
usage '--text is missing' perplexity --model m
usage '--synthetic-state needs --context' bench --model m --synthetic-state
usage '--decode and a text exclude' tokenize --model m --decode 1 text
usage '"m" is one argument too many; a model is given as --model M' generate m --prompt x
usage 'M is missing' inspect
usage '"b" is one argument too many' inspect a b
usage 'expected IN OUT' convert a
usage '--random-init needs --config' convert --random-init out
usage '--config is for --random-init' convert --config c in out
usage 'one argument too many' convert --random-init --config c in out
usage '"1.5GB" is not a size' convert a b --shard-size 1.5GB
grep -qF 'see `jet help convert`' err || failed "the verb's help is not named: $(cat err)"

# What this build cannot do is a failure, not wrong usage.
error 'CUDA is not available' generate --model "$data/tiny-tied" --prompt x --device cuda
error 'the CPU computes in f32' generate --model m --prompt x --device cpu --dtype bf16
error 'recurrent states in f32' generate --model m --prompt x --device cpu --state-dtype bf16
error 'it is for CUDA' generate --model m --prompt x --device cpu --kv-dtype fp8
error 'm: no such file or directory' generate --model m --prompt x
