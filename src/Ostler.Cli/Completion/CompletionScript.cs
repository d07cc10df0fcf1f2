using Ostler.Cli.Hosting;

namespace Ostler.Cli.Completion;

/// <summary>What makes a shell ask this program how a line may go on.</summary>
internal static class CompletionScript
{
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The script of a shell, one of <see cref="Shells"/>.</summary>
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => throw CommandException.Usage($"No completion for {shell}: use {string.Join(", ", Shells)}."),
    };

    // Options are offered once a dash is typed, as kubectl does. The line is handed over with the program's own name first, and the
    // cursor's place counted from its beginning.
    private const string Bash = """
        # bash completion of ostler and kubectl-ostler. To load it now:  source <(kubectl ostler completion bash)
        # For every shell:  kubectl ostler completion bash > /etc/bash_completion.d/kubectl-ostler
        _ostler() {
          local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]} found
          found=$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
          [[ $word == -* ]] || found=$(grep -v '^-' <<<"$found")
          COMPREPLY=($(compgen -W "$found" -- "$word"))
        }
        complete -o default -F _ostler ostler kubectl-ostler

        """;

    private const string Zsh = """
        #compdef ostler kubectl-ostler
        # zsh completion of ostler and kubectl-ostler. To load it now:  source <(kubectl ostler completion zsh)
        # For every shell:  kubectl ostler completion zsh > "${fpath[1]}/_ostler"
        _ostler() {
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
          found=(${found:#})
          [[ ${words[CURRENT]} == -* ]] || found=(${found:#-*})
          if (( $#found )); then compadd -- $found; else _files; fi
        }
        if [ "$funcstack[1]" = "_ostler" ]; then _ostler; else compdef _ostler ostler kubectl-ostler; fi

        """;

    private const string Fish = """
        # fish completion of ostler and kubectl-ostler. To load it now:  kubectl ostler completion fish | source
        # For every shell:  kubectl ostler completion fish > ~/.config/fish/completions/kubectl-ostler.fish
        function __ostler_suggest
          set -l line (commandline -cp)
          set -l program (commandline -opc)[1]
          set -l found ($program "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
          if string match -q -- '-*' (commandline -ct)
            printf '%s\n' $found
          else
            string match -v -- '-*' $found
          end
        end
        complete -c ostler -a '(__ostler_suggest)'
        complete -c kubectl-ostler -a '(__ostler_suggest)'

        """;
}
