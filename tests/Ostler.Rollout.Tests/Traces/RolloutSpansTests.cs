using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Traces;

namespace Ostler.Rollout.Tests.Traces;

public sealed class RolloutSpansTests
{
    private static readonly UpgradePolicyStatus UnderWay = Status(Trees.New, Given.Ago(30));

    public static TheoryData<string, UpgradePolicyStatus?, UpgradePolicyStatus, string[]> Reports => new()
    {
        { "begins", null, UnderWay, [] },
        { "goes on", UnderWay, UnderWay with { Nodes = new() { Total = 3, Updated = 1 } }, [] },
        { "is complete", UnderWay, UnderWay with { CompletedAt = Given.Ago(0) }, ["rollout -30..0 Ok UpToDate"] },
        { "was complete", UnderWay with { CompletedAt = Given.Ago(5) }, UnderWay with { CompletedAt = Given.Ago(5) }, [] },
        { "begins anew for a node that joined", UnderWay with { CompletedAt = Given.Ago(5) }, Status(Trees.New, Given.Now), [] },
        { "is overtaken by another tree", UnderWay, Status(Trees.Old, Given.Now), ["rollout -30..0 Unset TargetChanged"] },
        { "halts", UnderWay, Halted(UnderWay), [] },
        { "is tried again after a halt", Halted(UnderWay), UnderWay, ["halted -10..0 Error TooManyFailures"] },
        { "is overtaken while it is halted", Halted(UnderWay), Status(Trees.Old, Given.Now), ["halted -10..0 Error TooManyFailures", "rollout -30..0 Unset TargetChanged"] },
    };

    [Theory, MemberData(nameof(Reports))]
    public void A_rollout_that(string what, UpgradePolicyStatus? before, UpgradePolicyStatus after, string[] expected)
    {
        var spans = RolloutSpans.Ended("edge", "policy-uid", before, after, Given.Now);

        Assert.True(
            expected.SequenceEqual(spans.Select(s => FormattableString.Invariant($"{s.Name} {(s.StartedAt - Given.Now).TotalMinutes}..{(s.EndedAt - Given.Now).TotalMinutes} {s.Result} {s.Reason}"))),
            what);
        Assert.All(spans, s => Assert.Equal(TraceIdentity.OfRollout("policy-uid", before)!.Value.TraceId, s.Id.TraceId));
    }

    private static UpgradePolicyStatus Status(string digest, DateTimeOffset started) => new()
    {
        StartedAt = started,
        Target = new() { Digest = digest },
        Nodes = new() { Total = 3 },
        Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.True, Reason = Reasons.UpToDate }],
    };

    private static UpgradePolicyStatus Halted(UpgradePolicyStatus status) => status with
    {
        Conditions = [.. status.Conditions!, new() { Type = ConditionTypes.Halted, Status = ConditionStatus.True, Reason = Reasons.TooManyFailures, LastTransitionTime = Given.Ago(10) }],
    };
}
