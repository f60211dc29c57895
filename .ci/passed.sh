# Which tree has passed: its hash stands in `ci-passed` in git's folder once a whole run has succeeded.
# Sourced by `run`.

TESTED=""

passed_file() {
    printf '%s/ci-passed\n' "$(git rev-parse --git-dir)"
}

# Remember the tree that a run with the steps "$@" tests: none where steps were chosen or something is not committed.
note_tree() {
    [ $# -eq 0 ] || return 0
    rm -f "$(passed_file)"
    [ -z "$(git status --porcelain --untracked-files=normal)" ] || return 0
    TESTED=$(git rev-parse 'HEAD^{tree}')
}

record_pass() {
    [ -z "$TESTED" ] || printf '%s\n' "$TESTED" >"$(passed_file)"
}
