using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.LeaderElection;
using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.LeaderElection;

public sealed partial class LeaderElectorTests : LeaderElectionTestBase
{
    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    private static partial Regex MicroTime();

    [Fact]
    public async Task The_first_contender_creates_the_lease_and_leads()
    {
        var a = New("a").Start();

        Assert.False((await a.TermAsync()).IsCancellationRequested);
        var spec = Server.Lease!["spec"]!;
        Assert.Equal("a", (string?)spec["holderIdentity"]);
        Assert.Equal(15, (int)spec["leaseDurationSeconds"]!);
        Assert.Equal(0, (int)spec["leaseTransitions"]!);
        // The server parses exactly six digits, zeros included.
        Assert.Matches(MicroTime(), (string?)spec["renewTime"]);
        Assert.Matches(MicroTime(), (string?)spec["acquireTime"]);
    }

    [Fact]
    public async Task The_leader_renews_without_reading_first()
    {
        var a = New("a").Start();
        await a.RetryAsync(3);

        Assert.Equal(["GET", "POST", "PUT", "PUT", "PUT"], Server.Http.Received.Select(r => r.Method));
        Assert.Equal("2026-01-02T03:04:11.000000Z", (string?)Server.Lease!["spec"]!["renewTime"]);
        Assert.Equal("2026-01-02T03:04:05.000000Z", (string?)Server.Lease["spec"]!["acquireTime"]);
    }

    [Fact]
    public async Task A_follower_takes_over_when_it_has_seen_no_renewal_for_the_lease_duration()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        var b = New("b").Start();

        await b.RetryAsync(7);
        Assert.False(b.HasNewTerm);
        await b.RetryAsync();

        await b.TermAsync();
        Assert.Equal("b", Server.Holder);
        Assert.Equal(1, (int)Server.Lease!["spec"]!["leaseTransitions"]!);
    }

    [Fact]
    public async Task A_follower_that_sees_renewals_waits_for_ever()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        var b = New("b").Start();

        for (var i = 0; i < 30; i++)
        {
            await a.RetryAsync();
            await b.RetryAsync();
        }

        Assert.False(b.HasNewTerm);
        Assert.False(term.IsCancellationRequested);
    }

    [Fact]
    public async Task The_duration_that_the_holder_claims_counts_not_that_of_the_follower()
    {
        Server.Edit(lease => lease["spec"] = new JsonObject { ["holderIdentity"] = "old", ["leaseDurationSeconds"] = 60 });
        var b = New("b").Start();

        await b.RetryAsync(29);
        Assert.False(b.HasNewTerm);
        await b.RetryAsync();

        await b.TermAsync();
    }

    [Theory]
    [InlineData(false, Label = "none exists")]
    [InlineData(true, Label = "one exists and is free")]
    public async Task Of_two_who_try_at_the_same_moment_one_leads(bool exists)
    {
        if (exists)
        {
            Server.Edit(lease => lease["spec"] = new JsonObject { ["holderIdentity"] = "" });
        }
        var reads = 0;
        var bothHaveRead = new TaskCompletionSource();
        Server.Fault = async (_, request, response, token) =>
        {
            if (request.Method != "GET" || bothHaveRead.Task.IsCompleted)
            {
                return false;
            }
            var lease = Server.Lease;
            if (Interlocked.Increment(ref reads) == 2)
            {
                bothHaveRead.SetResult();
            }
            await bothHaveRead.Task.WaitAsync(token);
            await (lease is null ? response.StatusAsync(404, "NotFound") : response.JsonAsync(lease));
            return true;
        };
        var (a, b) = (New("a").Start(), New("b").Start());
        await a.RetryAsync();
        await b.RetryAsync();

        Assert.True(a.HasNewTerm ^ b.HasNewTerm);
        Assert.Equal(a.HasNewTerm ? "a" : "b", Server.Holder);
    }

    [Fact]
    public async Task What_others_wrote_into_the_lease_survives()
    {
        Server.Edit(lease =>
        {
            lease["metadata"]!["labels"] = new JsonObject { ["owner"] = "ops" };
            lease["spec"] = new JsonObject { ["holderIdentity"] = "", ["leaseTransitions"] = 7, ["strategy"] = "future" };
        });
        var a = New("a").Start();
        await a.TermAsync();

        Assert.Equal("ops", (string?)Server.Lease!["metadata"]!["labels"]!["owner"]);
        Assert.Equal("future", (string?)Server.Lease["spec"]!["strategy"]);
        Assert.Equal(8, (int)Server.Lease["spec"]!["leaseTransitions"]!);
    }

    [Fact]
    public async Task The_gauge_follows_the_terms()
    {
        using var probe = new MetricProbe("lease", "gauge-lease");
        var a = New("a", new LeaderElectionOptions { LeaseName = "gauge-lease", Namespace = "ns", Identity = "a" }).Start();
        await a.TermAsync();
        Assert.Equal(1, probe.Observe("leader"));

        await a.StopAsync();

        Assert.Equal(0, probe.Observe("leader"));
    }

    public static TheoryData<LeaderElectionOptions> Unsafe()
    {
        var sound = new LeaderElectionOptions { LeaseName = "l", Namespace = "n", Identity = "i" };
        return new(
            new TheoryDataRow<LeaderElectionOptions>(sound with { RenewDeadline = TimeSpan.FromSeconds(15) }) { Label = "deadline as long as the lease" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { RetryPeriod = TimeSpan.FromSeconds(9) }) { Label = "with jitter no retry before the deadline" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { RetryPeriod = TimeSpan.Zero }) { Label = "no pause at all" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { LeaseDuration = TimeSpan.FromSeconds(15.5) }) { Label = "a fraction of a second" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { Identity = "" }) { Label = "no identity" });
    }

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void Durations_that_would_let_two_lead_are_refused(LeaderElectionOptions options)
    {
        using var client = new ApiClient(Server.Http.CreateClient());

        Assert.ThrowsAny<ArgumentException>(() => new LeaderElector(client, options));
    }
}
