namespace Ostler.Cli.Tests;

/// <summary>The command line as a whole, without a cluster.</summary>
public class OstlerCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--nope", "kubectl ostler: unknown command or argument '--nope'.")]
    [InlineData("status a b", "kubectl ostler status: unknown command or argument 'b'.")]
    [InlineData("status -o xml", "-o xml is not supported: use json, yaml, wide.")]
    [InlineData("status --watch -o json", "--watch prints text only")]
    [InlineData("pause", "Required argument 'policy' missing for command: 'pause'.")]
    [InlineData("rollback", "Required argument 'policy' missing for command: 'rollback'.")]
    [InlineData("history -o xml", "-o xml is not supported: use json, yaml, wide.")]
    [InlineData("diff edge other", "kubectl ostler diff: unknown command or argument 'other'.")]
    [InlineData("host status", "ostler-agent, which inspects and changes the host, is not installed here.")]
    [InlineData("plan", "Option '--filename' is required.")]
    [InlineData("quarantine", "Required command was not provided.")]
    [InlineData("completion powershell", "No completion for powershell: use bash, zsh, fish.")]
    public async Task A_line_that_is_not_right_is_refused_in_one_line_with_2(string line, string message)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("status --kubeconfig /nonexistent/file", "The kubeconfig /nonexistent/file does not exist", 1)]
    [InlineData("doctor --kubeconfig /nonexistent/file", "The kubeconfig /nonexistent/file does not exist", 2)]
    [InlineData("plan -f /nonexistent/policy.yaml --nodes 3", "Could not find a part of the path '/nonexistent/policy.yaml'", 1)]
    public async Task What_is_not_there_is_named_without_a_stack_trace(string line, string message, int code)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));

        Assert.Equal((code, ""), (result.Code, result.Out));
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
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
        Assert.StartsWith("The API server is unreachable: ", gone.Error, StringComparison.Ordinal);
        Assert.StartsWith("The kubeconfig cannot be used: ", unknown.Error, StringComparison.Ordinal);
    }

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
        var result = await CommandLine.RunAsync(["version"]);

        Assert.Matches(@"^kubectl-ostler \d+\.\d+\.\d+", result.Out);
    }
}
