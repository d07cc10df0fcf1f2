using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Backends.RpmOstree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;

namespace Ostler.Agent.Tests.Backends;

/// <summary>Host tools print more than the document that they were asked for.</summary>
public sealed class ToolJsonTests
{
    private const string Ostree = "{\"deployments\":[{\"checksum\":\"CCC\",\"stateroot\":\"edge\",\"booted\":true}]}";

    /// <summary>
    /// What stands around the document: progress lines, warnings, log lines that are JSON themselves, and what is printed afterwards.
    /// </summary>
    public static TheoryData<string> Surroundings =>
    [
        "@",
        "Waiting for sysroot lock......done (4 seconds)\n@",
        "Waiting for sysroot lock...\rWaiting for sysroot lock......done\r\n@",
        "\uFEFF@",
        "{\"level\":\"info\",\"msg\":\"waiting\"}\n@",
        "{not JSON}\n@",
        "warning: something [with] {braces} in it\n@",
        "@\nDone.\n",
        "\n\n  @\n\n",
        "progress: @",
    ];

    [Theory, MemberData(nameof(Surroundings))]
    public void The_document_is_found_among_other_output(string around)
    {
        var commit = HostTrees.Commit(1);
        string Around(string document) => around.Replace("@", document.Replace("CCC", commit, StringComparison.Ordinal), StringComparison.Ordinal);

        Assert.Equal(commit, Assert.Single(OstreeStatusJson.Parse(Around(Ostree))!).Digest);
        Assert.Equal(commit, Assert.Single(RpmOstreeStatusJson.Parse(Around(Ostree))!.All).Digest);
        Assert.NotNull(BootcStatusJson.Parse(Around(BootcDocuments.Booted))?.Deployments.Booted);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Waiting for sysroot lock...")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"kind\":\"Pod\",\"status\":{}}")]
    [InlineData("{\"deployments\":[{\"checksum\":\"short\",\"stateroot\":\"edge\"}]}")]
    public void What_is_no_such_document_is_none(string output)
    {
        Assert.Null(OstreeStatusJson.Parse(output));
        Assert.Null(RpmOstreeStatusJson.Parse(output));
        Assert.Null(BootcStatusJson.Parse(output));
    }

    [Fact]
    public void Output_that_cannot_be_read_is_quoted_from_its_beginning()
    {
        var quoted = HostToolException.Head("Reason: the lock is held\n" + new string('a', 5000));

        Assert.StartsWith("Reason: the lock is held aaa", quoted, StringComparison.Ordinal);
        Assert.EndsWith("…", quoted, StringComparison.Ordinal);
        Assert.Equal(HostToolException.MaxToolWords, quoted.Length);
        Assert.Equal("(nothing)", HostToolException.Head(" \n"));
    }
}
