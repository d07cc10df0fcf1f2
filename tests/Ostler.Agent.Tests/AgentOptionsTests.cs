using Ostler.Agent.Host;

namespace Ostler.Agent.Tests;

public sealed class AgentOptionsTests
{
    [Fact]
    public void In_a_pod_the_nodes_name_is_enough()
    {
        var options = Parse(out var problem, ("NODE_NAME", "node-1.example"));

        Assert.Equal("", problem);
        Assert.Equal("node-1.example", options?.NodeName);
        Assert.Same(HostEntry.Nsenter, options?.HostEntry);
        Assert.Null(options?.Api.Server);
    }

    [Fact]
    public void A_server_of_ones_own_is_taken_with_its_files()
    {
        var options = Parse(
            out _, ("NODE_NAME", "n"), ("OSTLER_HOST_ENTRY", "direct"), ("OSTLER_API_SERVER", "https://10.0.0.1:6443"), ("OSTLER_API_CA", "/ca"), ("OSTLER_API_TOKEN_FILE", "/token"));

        Assert.Same(HostEntry.Direct, options?.HostEntry);
        Assert.Equal(("https://10.0.0.1:6443/", "/ca", "/token"), (options?.Api.Server?.AbsoluteUri, options?.Api.CertificateAuthorityFile, options?.Api.TokenFile));
    }

    [Theory]
    [InlineData("NODE_NAME", "")]
    [InlineData("NODE_NAME", "Node")]
    [InlineData("NODE_NAME", "a/b")]
    [InlineData("NODE_NAME", "a,metadata.name!=x")]
    [InlineData("OSTLER_HOST_ENTRY", "chroot")]
    [InlineData("OSTLER_API_SERVER", "ftp://x")]
    [InlineData("OSTLER_API_SERVER", "x")]
    public void What_is_wrong_is_named(string variable, string value)
    {
        Assert.Null(Parse(out var problem, ("NODE_NAME", "n"), (variable, value)));
        Assert.StartsWith(variable, problem, StringComparison.Ordinal);
    }

    private static AgentOptions? Parse(out string problem, params (string Name, string Value)[] variables) =>
        AgentOptions.Parse(name => variables.LastOrDefault(v => v.Name == name) is { Name: not null } found ? found.Value : null, out problem);
}
