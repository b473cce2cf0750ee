# Reads the output of `ctest -V` over GoogleTest programs. Prints "PASSED FAILED", then what the
# failed tests said. A program that died, or ended ill without naming a test, counts as one failure.

{ line = $0; program = "" }
match(line, /^[0-9]+: /) { program = substr(line, 1, RLENGTH - 2); line = substr(line, RLENGTH + 1) }

program != "" && line ~ /^\[ RUN      \]/ { said[program] = ""; running[program] = line }
program != "" { said[program] = said[program] "\n" line }
program != "" && line ~ /^\[       OK \]/ { passed++; running[program] = "" }
program != "" && line ~ /^\[  FAILED  \] .*\([0-9]+ ms\)$/ {
  failed++; named[program] = 1; running[program] = ""; report = report said[program]
}

# "1/7 Test #1: base .......***Failed   0.02 sec": the end of a program.
program == "" && /Test +#[0-9]+: / && /\*\*\*|Not Run/ {
  number = line; sub(/.*Test +#/, "", number); sub(/:.*/, "", number)
  if (!named[number]) { failed++; report = report "\n" line said[number] }
}

END { print passed + 0, failed + 0; print report }
