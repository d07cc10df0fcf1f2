using System.CommandLine;
using Ostler.Cli.Commands;

namespace Ostler.Cli.Tests;

/// <summary>The command line as a whole, without a cluster.</summary>
public class OstlerCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--nope", "unknown option '--nope' for 'kubectl ostler'. See: kubectl ostler --help")]
    [InlineData("statsu edge", "unknown command 'statsu' for 'kubectl ostler'. Did you mean 'status'? See: kubectl ostler --help")]
    [InlineData("frobnicate", "unknown command 'frobnicate' for 'kubectl ostler'. See: kubectl ostler --help")]
    [InlineData("status --wacth", "unknown option '--wacth' for 'kubectl ostler status'. Did you mean '--watch'? See: kubectl ostler "
        + "status --help")]
    [InlineData("nodes edge --contxt x", "unknown option '--contxt' for 'kubectl ostler nodes'. Did you mean '--context'?")]
    [InlineData("pause --dryrun edge", "unknown option '--dryrun' for 'kubectl ostler pause'. Did you mean '--dry-run'?")]
    [InlineData("rollback edge --too=abc", "unknown option '--too=abc' for 'kubectl ostler rollback'. Did you mean '--to'?")]
    [InlineData("quarantine ad edge-os abc", "unknown command 'ad' for 'kubectl ostler quarantine'. Did you mean 'add'?")]
    [InlineData("help statsu", "unknown command 'statsu' for 'kubectl ostler'. Did you mean 'status'?")]
    [InlineData("status a b", "unexpected argument 'b' for 'kubectl ostler status'.")]
    [InlineData("status -o xml", "-o xml is not supported: use json, yaml, wide.")]
    [InlineData("status -o Json", "-o Json is not supported: use json, yaml, wide.")]
    [InlineData("status --watch -o json", "--watch prints text only")]
    [InlineData("pause", "Required argument 'policy' missing for command: 'pause'.")]
    [InlineData("rollback", "Required argument 'policy' missing for command: 'rollback'.")]
    [InlineData("history -o xml", "-o xml is not supported: use json, yaml, wide.")]
    [InlineData("diff edge other", "unexpected argument 'other' for 'kubectl ostler diff'.")]
    [InlineData("host status", "ostler-agent, which inspects and changes the host, is not installed here.")]
    [InlineData("plan", "Option '--filename' is required.")]
    [InlineData("quarantine", "'kubectl ostler quarantine' needs one of these commands: add, remove.")]
    [InlineData("completion powershell", "No completion for powershell: use bash, zsh, fish.")]
    public async Task A_line_that_is_not_right_is_refused_in_one_line_with_2(string line, string message)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.StartsWith($"error: {message}", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("status --kubeconfig /nonexistent/file", "The kubeconfig /nonexistent/file does not exist", 1)]
    [InlineData("doctor --kubeconfig /nonexistent/file", "The kubeconfig /nonexistent/file does not exist", 2)]
    [InlineData("plan -f /nonexistent/policy.yaml --nodes 3", "There is no file /nonexistent/policy.yaml. Correct the path", 1)]
    [InlineData("plan -f / --nodes 3", "/ is a directory. Name a file in it.", 1)]
    public async Task What_is_not_there_is_named_without_a_stack_trace(string line, string message, int code)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));

        Assert.Equal((code, ""), (result.Code, result.Out));
        Assert.StartsWith($"error: {message}", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_told_of()
    {
        var file = Path.GetTempFileName();
        // Nothing listens on port 1.
        await File.WriteAllTextAsync(file, "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: u, user: {token: x}}]}", Cancel);

        var gone = await CommandLine.RunAsync(["status", "--kubeconfig", file]);
        var unknown = await CommandLine.RunAsync(["status", "--kubeconfig", file, "--context", "other"]);
        File.Delete(file);

        Assert.Equal((1, 1), (gone.Code, unknown.Code));
        Assert.StartsWith("error: The API server is unreachable: ", gone.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: The kubeconfig cannot be used: ", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_follows_two_dashes_is_a_name_whatever_it_looks_like()
    {
        var result = await CommandLine.RunAsync(["status", "--kubeconfig", "/nonexistent/file", "--", "--watsch"]);

        Assert.StartsWith("error: The kubeconfig /nonexistent/file does not exist", result.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string> Paths => [.. All(Root, "").Select(c => c.Path)];

    private static RootCommand Root { get; } = OstlerCommand.Create(new() { Out = TextWriter.Null, Error = TextWriter.Null });

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_help_has_examples_that_the_command_line_takes(string path)
    {
        var words = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var (dashes, verb) = (await CommandLine.RunAsync([.. words, "--help"]), await CommandLine.RunAsync(["help", .. words]));

        Assert.Equal((0, ""), (dashes.Code, dashes.Error));
        Assert.Equal(dashes, verb);
        Assert.Contains($"Usage:\n  kubectl ostler{(path.Length > 0 ? " " : "")}{path}", dashes.Out, StringComparison.Ordinal);
        Assert.Contains("Options of every command:", dashes.Out, StringComparison.Ordinal);
        Assert.All(dashes.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        string[] examples = [.. dashes.Out.Split('\n').Select(l => l.Trim())
            .Where(l => l.StartsWith("kubectl ostler", StringComparison.Ordinal) && !l.EndsWith("[options]", StringComparison.Ordinal))];
        Assert.True(examples.Length > 0 || path == "completion", "no example");
        Assert.All(examples, e => Assert.Null(ParseErrors.Of(Root.Parse(e.Split(' ')[2..]))));
    }

    [Fact]
    public void Every_command_is_in_a_group() =>
        Assert.All(Root.Subcommands, c => Assert.EndsWith(":", HelpExamples.GroupOf(Root, c), StringComparison.Ordinal));

    private static IEnumerable<(string Path, Command Command)> All(Command command, string path) =>
        command.Subcommands.SelectMany(c => All(c, $"{path} {c.Name}".Trim())).Prepend((path, command));

    [Fact]
    public async Task Help_lists_the_commands_and_the_exit_codes()
    {
        var result = await CommandLine.RunAsync([]);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.All(
            (string[])["status", "nodes", "history", "diff", "plan", "pause", "resume", "approve", "retry", "rollback", "quarantine", "doctor", "host", "completion", "version", "0  Done."],
            word => Assert.Contains(word, result.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_version_is_that_of_the_build()
    {
        var (text, json) = (await CommandLine.RunAsync(["version", "--client"]),
            await CommandLine.RunAsync(["version", "--client", "-o", "json"]));

        Assert.Matches(@"^Client Version: \d+\.\d+\.\d+", text.Out);
        Assert.Contains("\"clientVersion\"", json.Out, StringComparison.Ordinal);
    }
}
