using System.Diagnostics;
using Ostler.Cli.Commands;
using Ostler.Cli.Completion;

namespace Ostler.Cli.Tests.Completion;

public class CompletionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("kubectl-ostler st", "status")]
    [InlineData("kubectl-ostler completion ", "bash fish zsh")]
    [InlineData("kubectl-ostler quarantine ", "add remove")]
    [InlineData("kubectl-ostler status --wa", "--watch")]
    [InlineData("kubectl-ostler status -o ", "json wide yaml")]
    [InlineData("kubectl-ostler history -o ", "json wide yaml")]
    [InlineData("kubectl-ostler diff --n", "--node")]
    [InlineData("kubectl-ostler rollback edge --", "--to --dry-run")]
    public async Task The_program_says_how_a_line_may_go_on(string line, string expected)
    {
        var result = await CommandLine.RunAsync([$"[suggest:{line.Length}]", line]);

        Assert.Equal(0, result.Code);
        var found = result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.All(expected.Split(' '), e => Assert.Contains(e, found));
    }

    [Fact]
    public async Task An_option_offers_what_it_takes_and_nothing_else()
    {
        const string Line = "kubectl-ostler status -o ";
        var result = await CommandLine.RunAsync([$"[suggest:{Line.Length}]", Line]);

        Assert.Equal(["json", "wide", "yaml"],
            result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(w => !w.StartsWith('-'))
            .Order());
    }

    [Theory]
    [InlineData("st", "status|:4")]
    [InlineData("quarantine|", "add|remove|:4")]
    [InlineData("completion|z", "zsh|:4")]
    [InlineData("plan|-f|./pol", ":0")]
    public void Kubectl_is_told_in_the_words_that_it_understands(string words, string lines) => Assert.Superset(
        lines.Split('|').ToHashSet(), KubectlCompletion.Lines(OstlerCommand.Create(new() { Out = TextWriter.Null, Error = TextWriter.Null }), words.Split('|')).ToHashSet());

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Each_shell_has_its_script(string shell)
    {
        var result = await CommandLine.RunAsync(["completion", shell]);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.StartsWith("#", result.Out, StringComparison.Ordinal);
        Assert.Contains("kubectl-ostler", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ostler plan --hor", "--horizon")]
    [InlineData("ostler quarantine ", "add\nremove")]
    [InlineData("ostler completion f", "fish")]
    public async Task Bash_asks_the_program_by_that_script(string line, string expected)
    {
        var script = (await CommandLine.RunAsync(["completion", "bash"])).Out;
        var words = line.Split(' ');
        // As readline would: the words, the cursor, and then the function.
        var program = $$"""
            ostler() { "{{Path.Combine(AppContext.BaseDirectory, "kubectl-ostler")}}" "$@"; }
            {{script}}
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{string.Join(' ', words.Select(w => $"'{w}'"))}}) COMP_CWORD={{words.Length - 1}}
            _ostler
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", program]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);

        Assert.Equal(expected + "\n", output);
    }
}
