namespace Larder.Cli.Completing;

/// <summary>
/// What each shell needs to know. All of them ask `larder complete` with the words before the cursor, the last one unfinished.
/// </summary>
internal static class CompletionScripts
{
    private const string Bash =
        """
        # Completion of larder for bash: source <(larder completion bash)
        _larder() {
            local IFS=$'\n' line=("${COMP_WORDS[@]:1:COMP_CWORD}")
            # bash parts words at colons: "journal:latest" comes as three, and an answer may only hold what follows the last colon.
            local words=() word prefix=""
            for word in "${line[@]}"; do
                if [[ ${#words[@]} -gt 0 && ( "$word" == : || "${words[-1]}" == *: ) ]]; then words[-1]+="$word"; else words+=("$word"); fi
            done
            if [[ ${#words[@]} -gt 0 && "${words[-1]}" == *:* ]]; then prefix="${words[-1]%"${words[-1]##*:}"}"; fi
            local answers
            answers="$(larder complete -- "${words[@]}" 2>/dev/null)" || return 0
            if [[ "$answers" == "__files__" ]]; then
                compopt -o default
                COMPREPLY=()
                return 0
            fi
            COMPREPLY=()
            for word in $answers; do COMPREPLY+=("${word#"$prefix"}"); done
        }
        complete -F _larder larder

        """;

    private const string Zsh =
        """
        #compdef larder
        # Completion of larder for zsh: larder completion zsh > a folder of fpath/_larder, or source <(larder completion zsh)
        _larder() {
            local -a answers
            answers=("${(@f)$(larder complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [[ "${answers[1]}" == "__files__" ]]; then
                _files
            elif [[ -n "${answers[1]}" ]]; then
                compadd -- "${answers[@]}"
            fi
        }
        if [[ "${funcstack[1]}" == "_larder" ]]; then _larder "$@"; else compdef _larder larder; fi

        """;

    private const string Fish =
        """
        # Completion of larder for fish: larder completion fish > ~/.config/fish/completions/larder.fish
        function __larder_complete
            set -l words (commandline -opc) (commandline -ct)
            set -l answers (larder complete -- $words[2..-1] 2>/dev/null)
            if test "$answers[1]" = __files__
                __fish_complete_path (commandline -ct)
            else
                printf '%s\n' $answers
            end
        end
        complete -c larder -f -a '(__larder_complete)'

        """;

    /// <summary>What `larder complete` answers where a file or folder is meant: shells know those better.</summary>
    public const string Files = "__files__";

    public static string? For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => null,
    };
}
