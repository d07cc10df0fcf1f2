using Ostler.Controller.Startup;

namespace Ostler.Controller.Tests.Startup;

public sealed class InstallationCheckTests
{
    private static readonly InstallationFacts Good = new() { Leader = "ostler-controller-1", Renewed = true, Nodes = 3, Reporting = 3 };

    [Fact]
    public void A_complete_installation_passes() => Assert.All(InstallationCheck.Judge(Good), finding => Assert.True(finding.Passed, finding.Text));

    [Fact]
    public void Missing_CRDs_fail_with_the_kind_and_the_server_s_answer() =>
        AssertFails(Good with { Unreadable = new Dictionary<string, string> { ["OSImage"] = "404 page not found" } }, "Cannot list OSImage (404 page not found)");

    [Fact]
    public void No_leader_fails() => AssertFails(Good with { Leader = null }, "No controller holds the Lease");

    [Fact]
    public void A_leader_that_died_without_releasing_its_lease_fails() => AssertFails(Good with { Renewed = false }, "does not renew it");

    [Fact]
    public void Nodes_without_any_agent_fail() => AssertFails(Good with { Reporting = 0 }, "No agent of 3 Linux nodes has reported");

    [Theory]
    [InlineData(3, 2, "2 of 3 Linux nodes have an agent that reports.")]
    [InlineData(0, 0, "The cluster has no Linux nodes.")]
    public void Some_nodes_may_still_be_starting(int nodes, int reporting, string text) =>
        Assert.Contains(InstallationCheck.Judge(Good with { Nodes = nodes, Reporting = reporting }), finding => finding.Passed && finding.Text == text);

    private static void AssertFails(InstallationFacts facts, string text)
    {
        var failed = Assert.Single(InstallationCheck.Judge(facts), finding => !finding.Passed);
        Assert.Contains(text, failed.Text, StringComparison.Ordinal);
        Assert.StartsWith("FAILED: ", failed.ToString(), StringComparison.Ordinal);
    }
}
