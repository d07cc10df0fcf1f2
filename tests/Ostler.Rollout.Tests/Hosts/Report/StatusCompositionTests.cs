using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Rollout.Tests.Hosts.Report;

public sealed class StatusCompositionTests
{
    private static readonly StepReport Staged = new(NodeStep.Staged, Reasons.Staged, "staged")
    {
        Ready = true,
        Staged = new ConditionReport(ConditionStatus.True, Reasons.Staged, "2.0 is staged"),
        Milestone = Milestone.Staged,
        Since = Noon.AddSeconds(-20),
    };

    private static readonly StepReport Failing = new(NodeStep.Staging, Reasons.PullFailed, "no route")
    {
        Error = new ErrorReport(Reasons.PullFailed, "no route", IsNew: true),
    };

    [Fact]
    public void The_facts_of_the_host_are_all_there()
    {
        var status = Compose(Object(), HostWith("2l 1* 3"), Staged);

        Assert.Equal((7, 1, NodeStep.Staged), (status.ObservedGeneration, status.Attempt, status.Step));
        Assert.Equal(("ostree", "2022.7", "9.9.9", FirstBoot), (status.Backend, status.BackendVersion, status.AgentVersion, status.BootID));
        Assert.Equal((Commit(1), Commit(2), Commit(3)), (status.Booted?.Digest, status.Staged?.Digest, status.Rollback?.Digest));
        Assert.True(status.Staged?.Locked);
        Assert.Equal(["Drifted", "Ready", "Staged"], status.Conditions!.Select(c => c.Type).Order(StringComparer.Ordinal));
        Assert.Equal(
            new NodeTimings { StagingStartedAt = Noon.AddSeconds(-20), StagedAt = Noon, BootedAt = Noon.AddMinutes(-3) }, status.Timings);
    }

    [Fact]
    public void The_same_facts_give_the_same_status_whatever_the_time()
    {
        var first = Compose(Object(), HostWith("2l 1*"), Staged);
        var second = Compose(Object(first), HostWith("2l 1*"), Staged, Noon.AddHours(2));

        Assert.True(StatusDifference.SaysTheSame(first, second));
    }

    [Fact]
    public void Times_have_whole_seconds()
    {
        var status = Compose(Object(), HostWith("2l 1*"), Staged, Noon.AddMilliseconds(700));

        Assert.Equal(Noon, status.Timings?.StagedAt);
        Assert.Equal(Noon, status.Conditions![0].LastTransitionTime);
    }

    [Fact]
    public void Failures_in_a_row_are_counted_and_a_success_forgets_them()
    {
        var first = Compose(Object(), HostWith("1*"), Failing);
        var second = Compose(Object(first), HostWith("1*"), Failing, Noon.AddMinutes(1));
        var other = Compose(Object(second), HostWith("1*"), Failing with { Error = new ErrorReport(Reasons.DiskFull, "full", IsNew: true) }, Noon.AddMinutes(2));
        var good = Compose(Object(other), HostWith("2l 1*"), Staged, Noon.AddMinutes(3));

        Assert.Equal((1, Noon), (first.LastError!.Count, first.LastError.At));
        Assert.Equal((2, Noon.AddMinutes(1)), (second.LastError!.Count, second.LastError.At));
        Assert.Equal((1, Reasons.DiskFull), (other.LastError!.Count, other.LastError.Reason));
        Assert.Null(good.LastError);
    }

    [Fact]
    public void An_error_that_merely_lasts_is_not_counted_again()
    {
        var lasting = Failing with { Error = new ErrorReport(Reasons.PullFailed, "no route", IsNew: false) };
        var first = Compose(Object(), HostWith("1*"), lasting);

        Assert.True(StatusDifference.SaysTheSame(first, Compose(Object(first), HostWith("1*"), lasting, Noon.AddHours(1))));
    }

    [Fact]
    public void A_new_attempt_begins_with_a_clean_sheet()
    {
        var former = Compose(Object(), HostWith("2l 1*"), Staged) with { LastError = new NodeError { Reason = Reasons.PullFailed, At = Noon, Count = 4 } };

        var status = Compose(Object(former, attempt: 2), HostWith("1*"), Failing, Noon.AddHours(1));

        Assert.Equal(1, status.LastError?.Count);
        Assert.Null(status.Timings?.StagedAt);
        Assert.Equal(2, status.Attempt);
    }

    [Fact]
    public void A_tool_that_does_not_answer_for_once_has_not_made_the_host_forget_what_it_runs()
    {
        var former = Compose(Object(), HostWith("2l 1*"), Staged);

        var silent = StatusComposition.Compose(Object(former), null, HostWith("1*").Boot, Failing, "9.9.9", Noon);
        var rebooted = StatusComposition.Compose(Object(former), null, HostWith("1*", SecondBoot).Boot, Failing, "9.9.9", Noon);

        Assert.Equal((Commit(1), Commit(2)), (silent.Booted?.Digest, silent.Staged?.Digest));
        Assert.Null(rebooted.Booted);
    }

    [Fact]
    public void A_message_longer_than_the_CRD_allows_is_cut()
    {
        var status = Compose(Object(), HostWith("1*"), Failing with { Error = new ErrorReport(Reasons.PullFailed, new string('x', 5000), IsNew: true) });

        Assert.Equal(2048, status.LastError?.Message?.Length);
    }

    private static NodeOSStatus Compose(NodeOS os, Ostler.Rollout.Hosts.Facts.HostState host, StepReport report, DateTimeOffset? now = null) =>
        StatusComposition.Compose(os, host, host.Boot, report, "9.9.9", now ?? Noon);

    private static NodeOS Object(NodeOSStatus? status = null, long attempt = 1) => new()
    {
        Metadata = new ObjectMeta { Name = "node-1", Uid = Uid, Generation = 7 },
        Spec = Stage(2, attempt),
        Status = status,
    };
}
