namespace Ostler.Agent.Tests;

public sealed class AgentFlagsTests
{
    [Theory]
    [InlineData("--host-entry=direct", "OSTLER_HOST_ENTRY", "direct")]
    [InlineData("--api-server=https://api.example:6443", "OSTLER_API_SERVER", "https://api.example:6443")]
    [InlineData("--api-ca=/a=b.crt", "OSTLER_API_CA", "/a=b.crt")]
    [InlineData("--api-token-file=/token", "OSTLER_API_TOKEN_FILE", "/token")]
    public void A_flag_wins_over_its_variable(string flag, string variable, string value)
    {
        Assert.Null(AgentFlags.ProblemOf([flag]));
        Assert.Equal(value, AgentFlags.Over(_ => "from the environment", [flag])(variable));
        Assert.Equal("from the environment", AgentFlags.Over(_ => "from the environment", [flag])("NODE_NAME"));
    }

    [Theory]
    [InlineData("--verbose", "Unknown argument --verbose; see --help.")]
    [InlineData("--api-server", "Unknown argument --api-server; see --help.")]
    [InlineData("--api-ca=", "--api-ca needs a value.")]
    [InlineData("status", "Unknown argument status; see --help.")]
    public void What_is_no_flag_ends_the_agent_before_it_touches_the_host(string argument, string problem) =>
        Assert.Equal(problem, AgentFlags.ProblemOf(["--host-entry=nsenter", argument]));

    /// <summary>The chart's agent.extraArgs sends the user here.</summary>
    [Fact]
    public void Help_names_every_flag()
    {
        string[] flags = ["--host-entry", "--api-server", "--api-ca", "--api-token-file"];

        Assert.All(flags, flag => Assert.Null(AgentFlags.ProblemOf([flag + "=x"])));
        Assert.All(flags, flag => Assert.Contains(flag + "=", AgentOptions.Help, StringComparison.Ordinal));
    }
}
