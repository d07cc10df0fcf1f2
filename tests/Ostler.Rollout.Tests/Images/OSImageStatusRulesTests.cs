using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Images;

public class OSImageStatusRulesTests
{
    [Fact]
    public void The_first_resolution_makes_the_image_Ready()
    {
        var status = Compute(null, Found(Trees.New));

        Assert.Equal(Trees.New, status.Resolved!.Digest);
        Assert.Null(status.History);
        AssertReady(status, true, Reasons.Resolved);
        Assert.Null(status.Conditions.Find(ConditionTypes.Reconciling) ?? status.Conditions.Find(ConditionTypes.Stalled));
    }

    [Fact]
    public void Finding_the_same_again_changes_nothing()
    {
        var first = Compute(null, Found(Trees.New), Given.Ago(10));

        var second = Compute(first, Found(Trees.New));

        Assert.Equal(first.Resolved, second.Resolved);
        Assert.Equal(first.Conditions, second.Conditions);
    }

    [Fact]
    public void What_it_resolved_to_before_is_remembered_newest_first_up_to_ten()
    {
        OSImageStatus? status = null;
        for (var i = 0; i < 14; i++)
        {
            status = Compute(status, Found(new string((char)('0' + (i % 10)), 63) + (i < 10 ? "a" : "b")));
        }

        Assert.Equal(10, status!.History!.Count);
        Assert.StartsWith("2", status.History[0].Digest, StringComparison.Ordinal);
        Assert.EndsWith("b", status.History[0].Digest, StringComparison.Ordinal);
    }

    [Fact]
    public void Going_back_to_a_former_tree_does_not_list_it_as_its_own_past()
    {
        var status = Compute(Compute(Compute(null, Found(Trees.Old)), Found(Trees.New)), Found(Trees.Old));

        Assert.Equal([Trees.New], status.History!.Select(h => h.Digest));
    }

    [Theory]
    [InlineData(Reasons.ResolveFailed, ConditionTypes.Reconciling)]
    [InlineData(Reasons.RefNotFound, ConditionTypes.Stalled)]
    [InlineData(Reasons.Denied, ConditionTypes.Stalled)]
    public void A_try_that_fails_keeps_the_last_good_tree_and_says_why(string reason, string kstatus)
    {
        var failed = Compute(Compute(null, Found(Trees.New)), new(null, reason, "503 Service Unavailable."));

        Assert.Equal(Trees.New, failed.Resolved!.Digest);
        AssertReady(failed, false, reason);
        Assert.Contains("503 Service Unavailable. 42 (bbbbbbbbbbbb), found before, stays in effect.", failed.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.True(failed.Conditions.IsTrue(kstatus));

        // A pass in which no try was due must not forget it.
        AssertReady(Compute(failed, null), false, reason);
    }

    [Fact]
    public void A_tree_found_for_a_former_spec_does_not_make_the_present_one_Ready()
    {
        var former = Compute(null, Found(Trees.New));
        var image = Image(former) with { Spec = Trees.ImageSpec with { Ostree = Trees.ImageSpec.Ostree! with { Ref = "acme/next" } } };

        AssertReady(OSImageStatusRules.Compute(image, null, [], Given.Now), false, Reasons.ImageNotReady);
    }

    [Fact]
    public void An_image_that_names_nothing_is_not_accepted()
    {
        var image = Image(null) with { Spec = new() { Container = new() { Image = "acme.example/OS:1" } } };

        var status = OSImageStatusRules.Compute(image, null, [], Given.Now);

        AssertReady(status, false, Reasons.Invalid);
        Assert.Equal(ConditionStatus.False, status.Conditions.Find(ConditionTypes.Accepted)!.Status);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Stalled));
    }

    [Fact]
    public void A_digest_that_a_policy_failed_with_is_quarantined_and_the_image_is_not_Ready()
    {
        var status = Compute(null, Found(Trees.New), policies: Failing("edge", Trees.New, 5));

        Assert.Equal(new QuarantinedDigest { Digest = Trees.New, Reason = Reasons.HostCheckFailed, Policy = "edge", Since = Given.Ago(5) }, Assert.Single(status.Quarantined!));
        AssertReady(status, false, Reasons.Quarantined);
        Assert.Contains("policy edge", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quarantine_outlives_the_policy_that_failed()
    {
        var status = Compute(Compute(null, Found(Trees.New), policies: Failing("edge", Trees.New, 5)), null);

        Assert.Single(status.Quarantined!);
    }

    [Theory]
    [InlineData(6, true)]
    [InlineData(5, false)]
    [InlineData(1, false)]
    public void A_retry_of_that_policy_lifts_it_when_it_is_not_older_than_the_last_failure(double retryMinutesAgo, bool quarantined)
    {
        var before = Compute(null, Found(Trees.New), policies: Failing("edge", Trees.New, 5));

        var after = Compute(before, null, policies: Failing("edge", Trees.New, 5) with { RetryFailuresBefore = Given.Ago(retryMinutesAgo) });

        Assert.Equal(quarantined, after.Quarantined is not null);
    }

    [Fact]
    public void A_retry_of_another_policy_lifts_nothing()
    {
        var before = Compute(null, Found(Trees.New), policies: Failing("edge", Trees.New, 5));

        Assert.NotNull(Compute(before, null, policies: new() { Policy = "other", Image = "edge-os", RetryFailuresBefore = Given.Now }).Quarantined);
    }

    [Fact]
    public void A_later_failure_renews_the_entry_so_that_an_earlier_retry_does_not_lift_it()
    {
        var before = Compute(null, Found(Trees.New), policies: Failing("edge", Trees.New, 9));
        var later = Compute(before, null, policies: Failing("edge", Trees.New, 2));

        Assert.Equal(Given.Ago(2), later.Quarantined![0].Since);
        Assert.NotNull(Compute(later, null, policies: Failing("edge", Trees.New, 2) with { RetryFailuresBefore = Given.Ago(5) }).Quarantined);
    }

    [Theory]
    [InlineData("edge-os", 'e', true)]
    [InlineData("other", 'e', false)]
    [InlineData("other", 'b', true)]
    public void A_failed_digest_concerns_the_image_that_the_policy_names_and_those_that_have_been_it(string image, char digest, bool quarantined)
    {
        var status = Compute(null, Found(Trees.New), policies: Failing("edge", new string(digest, 64), 5) with { Image = image });

        Assert.Equal(quarantined, status.Quarantined is not null);
    }

    [Fact]
    public void What_a_person_allows_is_not_quarantined_and_what_a_person_denies_always_is()
    {
        var failing = Failing("edge", Trees.New, 5);
        var allowed = Image(Compute(null, Found(Trees.New), policies: failing)) with { Spec = Trees.ImageSpec with { Quarantine = new() { Allow = [Trees.New] } } };
        var both = allowed with { Spec = Trees.ImageSpec with { Quarantine = new() { Allow = [Trees.New], Deny = [Trees.New] } } };

        Assert.Null(OSImageStatusRules.Compute(allowed, null, [failing], Given.Now).Quarantined);
        var denied = OSImageStatusRules.Compute(both, null, [failing], Given.Now);
        Assert.Equal((Trees.New, null), (denied.Quarantined![0].Digest, denied.Quarantined[0].Policy));
        Assert.True(OSImageStatusRules.IsQuarantined(both.Spec, null, Trees.New));
        Assert.False(OSImageStatusRules.IsQuarantined(allowed.Spec, denied, Trees.New));
    }

    [Fact]
    public void What_a_person_no_longer_denies_is_free_again()
    {
        var denied = OSImageStatusRules.Compute(
            Image(Compute(null, Found(Trees.New))) with { Spec = Trees.ImageSpec with { Quarantine = new() { Deny = [Trees.New] } } }, null, [], Given.Ago(5));

        Assert.NotNull(denied.Quarantined);
        var free = Compute(denied, null);
        Assert.Null(free.Quarantined);
        AssertReady(free, true, Reasons.Resolved);
    }

    private static void AssertReady(OSImageStatus status, bool ready, string reason)
    {
        ConditionLint.Check(status.Conditions!);
        var condition = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ready ? ConditionStatus.True : ConditionStatus.False, reason), (condition.Status, condition.Reason));
    }

    private static OSImageStatus Compute(OSImageStatus? former, ResolveOutcome? outcome, DateTimeOffset? now = null, PolicyFailures? policies = null) =>
        OSImageStatusRules.Compute(Image(former), outcome, policies is null ? [] : [policies], now ?? Given.Now);

    private static OSImage Image(OSImageStatus? status) => new()
    {
        Metadata = new() { Name = "edge-os", Generation = 2 },
        Spec = Trees.ImageSpec,
        Status = status,
    };

    private static ResolveOutcome Found(string digest) => new(
        new() { Reference = "acme:acme/stable/x86_64/edge", Digest = digest, Version = Trees.VersionOf(digest), ResolvedAt = Given.Now }, Reasons.Resolved, "found");

    private static PolicyFailures Failing(string policy, string digest, double minutesAgo) => new()
    {
        Policy = policy,
        Image = "edge-os",
        FailedDigests = [new() { Digest = digest, Reason = Reasons.HostCheckFailed, At = Given.Ago(minutesAgo) }],
    };
}
