using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Rollout.Tests.Hosts.Report;

public sealed class DriftFindingsTests
{
    private const string Url = "https://ostree.example/repo";

    private static readonly NodeOSSpec Updated = Observe(2) with { LastUpgrade = new() { CompletedAt = Noon } };

    private static readonly Dictionary<string, (NodeOSSpec Spec, HostState Host, string Expected)> Cases = new()
    {
        ["as it was made"] = (Updated, HostWith("2* 1"), "False NoDrift"),
        ["nothing was ever asked of it"] = (Observe(), HostWith("1*"), "False NoDrift"),
        ["not yet upgraded"] = (Observe(2), HostWith("1*"), "False NoDrift"),
        ["on its way"] = (Stage(2), HostWith("1*"), "False NoDrift"),
        ["went back"] = (Observe(2, new() { Digest = Commit(2), Attempt = 1, Reason = Reasons.HealthTimedOut, At = Noon }), HostWith("1* 2"), "False NoDrift"),
        ["somebody booted another tree"] = (Updated, HostWith("3* 2"), "True UnexpectedTree"),
        ["and it is about to be brought back"] = (Stage(2) with { Reconcile = new() { Digest = Commit(2), Attempt = 1, Reason = Reasons.UnexpectedTree } }, HostWith("3* 2"), "True UnexpectedTree"),
        ["packages"] = (Updated, Changed(["strace", "-vim"], null, RevertMethod.Redeploy), "True PackagesLayered+"),
        ["packages before the first upgrade"] = (Observe(), Changed(["strace"], null, RevertMethod.Redeploy), "True PackagesLayered+"),
        ["a hotfix"] = (Updated, Changed([], "hotfix", RevertMethod.Redeploy), "True TreeUnlocked+"),
        ["a hotfix that nothing undoes"] = (Updated, Changed([], "hotfix", RevertMethod.Nothing), "True TreeUnlocked"),
        ["an overlay until the next boot"] = (Updated, Changed([], "transient", RevertMethod.Reboot), "True TreeUnlocked+"),
        ["all at once"] = (Updated, Changed(["strace"], "development", RevertMethod.Redeploy) with { Drift = new(2, ["M a", "M b"], "https://other.example/repo") }, "True PackagesLayered+ TreeUnlocked+ RemoteChanged EtcChanged"),
        ["files of etc"] = (Updated, HostWith("2*") with { Drift = new(2, ["A a", "M b"], Url) }, "False EtcChanged"),
        ["another address"] = (Updated, HostWith("2*") with { Drift = new(0, [], "https://other.example/repo") }, "True RemoteChanged"),
        ["the same address"] = (Updated, HostWith("2*") with { Drift = new(0, [], Url + "/") }, "False NoDrift"),
        ["no remote"] = (Updated, HostWith("2*") with { Drift = new(0, [], "") }, "True RemoteChanged"),
        ["an image without an address"] = (Updated with { Image = Image(2, url: null) }, HostWith("2*") with { Drift = new(0, [], "https://other.example/repo") }, "False NoDrift"),
        ["not looked at"] = (Updated, HostWith("2*") with { Drift = HostDrift.Unknown }, "False NoDrift"),
    };

    public static TheoryData<string> Labels => [.. Cases.Keys];

    [Theory, MemberData(nameof(Labels))]
    public void Tells_how_a_host_differs(string label)
    {
        var (spec, host, expected) = Cases[label];
        var drift = DriftFindings.Of(spec, host);
        var condition = DriftFindings.Condition(drift);
        var findings = string.Join(' ', (drift?.Findings ?? []).Select(f => f.Reason + (f.Reconcilable ? "+" : "")));

        Assert.Equal(expected, $"{condition.Status} {(findings.Length > 0 ? findings : condition.Reason)}");
        Assert.Equal(drift?.Reason ?? Reasons.NoDrift, condition.Reason);
        Assert.All(drift?.Findings ?? [], f => Assert.NotEmpty(f.Message!));
    }

    [Fact]
    public void Etc_is_counted_in_full_and_listed_by_path_up_to_the_cap_with_names_that_can_be_printed()
    {
        var lines = Enumerable.Range(0, 80).Select(i => $"{"MAD"[i % 3]}    f{79 - i:00}").Append("A    odd\u0007name").Append("A    " + new string('x', 300)).Append("some other line");

        var drift = HostDrift.OfEtc(string.Join('\n', lines) + "\n");

        Assert.Equal((82, 50), (drift.EtcChanges, drift.EtcFiles.Count));
        Assert.Equal(drift.EtcFiles.OrderBy(f => f[2..], StringComparer.Ordinal), drift.EtcFiles);
        Assert.Equal("A odd?name", HostDrift.OfEtc("A    odd\u0007name\n").EtcFiles[0]);
        Assert.Equal(256, HostDrift.OfEtc("A    " + new string('x', 300)).EtcFiles[0].Length);
    }

    private static HostState Changed(string[] packages, string? mutated, RevertMethod undo)
    {
        var host = HostWith("2*");
        return host with { RevertMethod = undo, Deployments = new([.. host.Deployments.All.Select(d => d with { Packages = packages, Mutated = mutated })]) };
    }
}
