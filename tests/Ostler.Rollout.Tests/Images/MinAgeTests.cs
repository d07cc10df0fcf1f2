using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Images;

/// <summary>spec.minAge of 60 minutes: no node gets an image before it is that old. A is found first, then B, then C.</summary>
public class MinAgeTests
{
    private const string Key = "1111111111111111";
    private static readonly string A = new('a', 64);
    private static readonly string B = new('b', 64);
    private static readonly string C = new('c', 64);

    private static readonly OSImageSpec Aged = Trees.ImageSpec with { MinAge = Duration.FromMinutes(60) };

    [Fact]
    public void A_new_image_waits_and_says_until_when_and_nodes_get_it_then_without_another_poll()
    {
        var status = Look(null, A, 0);

        Assert.Null(status.Resolved);
        Assert.Equal((A, Given.In(60)), (Assert.Single(status.Pending!).Image.Digest, status.Pending![0].EligibleAt));
        AssertReady(status, ConditionStatus.False, Reasons.ImageTooYoung,
            "is younger than spec.minAge (1h). Nodes get it at 2026-11-01T13:00:00Z.");
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.Equal(Given.In(60), OSImageStatusRules.NextEligible(status, Given.Now));

        status = Look(status, null, 59.9);
        AssertReady(status, ConditionStatus.False, Reasons.ImageTooYoung, "");

        status = Look(status, null, 60);
        Assert.Equal((A, null), (status.Resolved!.Digest, status.Pending));
        AssertReady(status, ConditionStatus.True, Reasons.Resolved, "");
        Assert.Null(OSImageStatusRules.NextEligible(status, Given.In(60)));
    }

    [Fact]
    public void The_last_image_stays_while_the_next_one_waits()
    {
        var status = Look(Look(Look(null, A, 0), null, 60), B, 70);

        Assert.Equal((A, B), (status.Resolved!.Digest, status.Pending![0].Image.Digest));
        AssertReady(status, ConditionStatus.True, Reasons.Resolved, "bbbbbbbbbbbb) follows at 2026-11-01T14:10:00Z (spec.minAge 1h).");

        status = Look(status, B, 130);
        Assert.Equal((B, A), (status.Resolved!.Digest, Assert.Single(status.History!).Digest));
    }

    [Fact]
    public void A_tag_that_moves_more_often_than_minAge_still_brings_what_is_old_enough()
    {
        var status = Look(Look(Look(null, A, 0), B, 40), C, 80);

        Assert.Equal((A, 2), (status.Resolved!.Digest, status.Pending!.Count));
        Assert.Equal(B, Look(status, C, 100).Resolved!.Digest);
        Assert.Equal(C, Look(status, C, 140).Resolved!.Digest);
    }

    [Fact]
    public void What_was_taken_back_before_it_was_old_enough_reaches_no_node()
    {
        var status = Look(Look(Look(null, A, 0), null, 60), B, 70);

        var back = Look(Look(status, A, 80), null, 500);
        Assert.Equal((A, null), (back.Resolved!.Digest, back.Pending));

        var between = Look(Look(Look(status, C, 80), B, 90), null, 500);
        Assert.Equal((B, null), (between.Resolved!.Digest, between.Pending));
    }

    [Fact]
    public void What_a_user_denied_is_passed_over()
    {
        var status = Look(Look(Look(null, A, 0), null, 60), B, 70);
        var denied = Aged with { Quarantine = new() { Deny = [B] } };

        status = Look(status, C, 80, denied);
        Assert.Equal(A, Look(status, C, 135, denied).Resolved!.Digest);
        Assert.Equal(C, Look(status, C, 140, denied).Resolved!.Digest);
    }

    [Fact]
    public void More_images_than_are_kept_do_not_make_the_older_ones_wait_longer()
    {
        OSImageStatus? status = Look(Look(null, A, 0), null, 60);
        for (var i = 0; i < 50; i++)
        {
            status = Look(status, Digest(i), 61 + i);
            Assert.True(status.Pending!.Count <= 10);
        }

        Assert.Equal(Digest(0), Look(status, Digest(49), 121).Resolved!.Digest);
    }

    public static TheoryData<string, double?, double, bool> Ages => new()
    {
        // what, created and first seen minutes ago, old enough
        { "a creation long ago does not count before it was seen", 6000, 59, false },
        { "seen long enough ago", 6000, 60, true },
        { "a creation that is unknown", null, 60, true },
        { "a creation later than the first sight counts", 30, 60, false },
        { "a creation in the future", -600, 6000, false },
    };

    [Theory]
    [MemberData(nameof(Ages))]
    public void The_later_of_creation_and_first_sight_counts(string what, double? created, double seen, bool old)
    {
        Assert.NotEmpty(what);
        var image = Image(A, Given.Ago(seen)) with { Created = created is { } minutes ? Given.Ago(minutes) : null };

        Assert.Equal(old, MinAgeRules.EligibleAt(Aged, image) <= Given.Now);
    }

    [Fact]
    public void Of_a_pin_the_earlier_counts_so_that_a_way_back_is_open_at_once()
    {
        var pinned = Aged with { Ostree = Aged.Ostree! with { Commit = A } };

        Assert.True(MinAgeRules.EligibleAt(pinned, Image(A, Given.Now) with { Created = Given.Ago(6000) }) <= Given.Now);
        Assert.True(MinAgeRules.EligibleAt(pinned,
            Image(A, Given.Now) with { Created = Given.Ago(1), FirstSeenAt = Given.Ago(61) }) <= Given.Now);
        Assert.False(MinAgeRules.EligibleAt(pinned, Image(A, Given.Now) with { Created = Given.Ago(59) }) <= Given.Now);
    }

    [Fact]
    public void The_first_sight_of_a_digest_is_kept_when_the_tag_leaves_it_and_comes_back()
    {
        var status = Look(Look(Look(Look(null, A, 0), null, 60), B, 61), null, 121);
        Assert.Equal(B, status.Resolved!.Digest);

        status = Look(status, A, 130);

        Assert.Equal((A, Given.In(130), Given.Now), (status.Resolved!.Digest, status.Resolved.ResolvedAt, status.Resolved.FirstSeenAt));
        Assert.Equal(status.Resolved, Look(status, A, 140).Resolved);
    }

    [Fact]
    public void Without_minAge_an_image_is_there_at_once()
    {
        var status = Look(null, A, 0, Trees.ImageSpec);

        Assert.Equal((A, null), (status.Resolved!.Digest, status.Pending));
        Assert.Equal(A, Look(null, A, 0, Trees.ImageSpec, created: Given.In(9999)).Resolved!.Digest);
    }

    [Fact]
    public void What_waits_for_another_tag_is_dropped_with_it()
    {
        var next = Aged with { Ostree = Aged.Ostree! with { Ref = "acme/next" } };

        Assert.Null(Look(Look(null, A, 0), null, 10, next).Pending);
        AssertReady(Look(Look(null, A, 0), null, 90, next), ConditionStatus.False, Reasons.ImageNotReady, "It is being resolved.");
    }

    [Fact]
    public void A_poll_that_fails_takes_nothing_away_that_waits()
    {
        var image = ImageOf(Look(null, A, 0));

        var failed = OSImageStatusRules.Compute(image, new(null, Reasons.ResolveFailed, "503."), [], Given.In(10));

        AssertReady(failed, ConditionStatus.False, Reasons.ResolveFailed, "503.");
        Assert.Equal(A, Look(failed, null, 60).Resolved!.Digest);
    }

    [Fact]
    public void An_image_that_was_not_verified_does_not_follow_where_verification_is_asked_for()
    {
        var plain = new OSImageSpec { Container = new() { Image = "acme.example/os:1" }, MinAge = Duration.FromMinutes(60) };
        var signed = plain with { Container = plain.Container! with { Verification = new() { Cosign = new() { PublicKey = "key" } } } };
        var (one, two) = ("sha256:" + A, "sha256:" + B);
        var former = new OSImageStatus
        {
            Resolved = Image(one, Given.Ago(500)) with { Reference = "acme.example/os:1" },
            Pending = [new() { Image = Image(two, Given.Ago(50)) with { Reference = "acme.example/os:1" }, EligibleAt = Given.In(10) }],
        };

        Assert.Equal(two, MinAgeRules.Advance(plain, former, null, Given.In(10)).Resolved!.Digest);
        Assert.Equal(one, MinAgeRules.Advance(signed, former, null, Given.In(10)).Resolved!.Digest);

        var found = Image("sha256:" + C, Given.Now) with { Reference = "acme.example/os:1", VerifiedWith = Key };
        Assert.Equal(["sha256:" + C], MinAgeRules.Advance(signed, former, found, Given.Now).Pending.Select(p => p.Image.Digest));
    }

    [Fact]
    public void The_image_that_nodes_get_is_not_called_verified_because_the_one_that_follows_is()
    {
        var spec = new OSImageSpec
        {
            Container = new() { Image = "acme.example/os:1", Verification = new() { Cosign = new() { PublicKey = "key" } } },
            MinAge = Duration.FromMinutes(60),
        };
        var former = new OSImageStatus
        {
            ObservedGeneration = 1,
            Resolved = Image("sha256:" + A, Given.Ago(500)) with { Reference = "acme.example/os:1" }
        };
        var found = Image("sha256:" + B, Given.Now) with { Reference = "acme.example/os:1", VerifiedWith = Key };
        var image = new OSImage { Metadata = new() { Name = "edge-os", Generation = 2 }, Spec = spec, Status = former };

        var verified = VerificationRules.ConditionOf(image, former.Resolved, new(found, Reasons.Resolved, "") { Key = Key })!;
        Assert.Equal((ConditionStatus.False, Reasons.VerificationFailed), (verified.Status, verified.Reason));

        verified = VerificationRules.ConditionOf(image, former.Resolved with { VerifiedWith = Key },
            new(found, Reasons.Resolved, "") { Key = Key })!;
        Assert.Equal(ConditionStatus.True, verified.Status);
        Assert.Contains("aaaaaaaaaaaa", verified.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_waits_for_an_image_that_became_too_young_and_looks_again_at_the_time()
    {
        var image = Given.Image(spec: Trees.ImageSpec with { MinAge = Duration.FromMinutes(90) });
        var snapshot = Given.Snapshot(Given.Staged("n1"), Given.Booting("n2"), Given.Updated("n3")) with { Image = image };

        var plan = RolloutPlanner.Plan(snapshot);
        var status = RolloutStatus.Compute(snapshot, plan);

        Assert.Equal((Reasons.ImageTooYoung, Given.In(30)), (plan.Gate!.Reason, plan.Gate.OpensAt));
        Assert.Empty(plan.Granted());
        Assert.Empty(plan.Of("n2"));
        Assert.True(plan.NextWakeUp <= Given.In(30));
        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal(Reasons.ImageTooYoung, ready.Reason);
        Assert.Contains("Nodes get it at 2026-11-01T12:30:00Z.", ready.Message, StringComparison.Ordinal);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Reconciling));
        ConditionLint.Check(status.Conditions!);

        var later = snapshot.At(Given.In(30));
        Assert.Null(RolloutPlanner.Plan(later).Gate);
    }

    [Fact]
    public void A_policy_wakes_up_by_itself_when_its_image_is_old_enough()
    {
        var image = Given.Image(spec: Trees.ImageSpec with { MinAge = Duration.FromMinutes(90) });

        Assert.Equal(Given.In(30), RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1")) with { Image = image }).NextWakeUp);
    }

    [Fact]
    public void A_policy_that_is_complete_stays_complete_when_minAge_is_raised()
    {
        var image = Given.Image(spec: Trees.ImageSpec with { MinAge = Duration.FromMinutes(90) });
        var snapshot = Given.Snapshot(Given.Updated("n1")) with { Image = image };

        Assert.Equal(Reasons.UpToDate,
            RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions.Find(ConditionTypes.Ready)!.Reason);
    }

    [Fact]
    public void A_policy_without_an_image_that_is_old_enough_says_from_when()
    {
        var status = Look(null, A, 0);
        var snapshot = Given.Snapshot(Given.Idle("n1"))
            with
        { Image = new() { Name = "edge-os", Generation = 2, Spec = Aged, Status = status } };

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal((Reasons.ImageTooYoung, false), (plan.Gate!.Reason, plan.Gate.NeedsPerson));
        Assert.Contains("Nodes get it at 2026-11-01T13:00:00Z.", plan.Gate.Message, StringComparison.Ordinal);
        Assert.Empty(plan.StagedNow());
    }

    private static void AssertReady(OSImageStatus status, ConditionStatus ready, string reason, string says)
    {
        ConditionLint.Check(status.Conditions!);
        var condition = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ready, reason), (condition.Status, condition.Reason));
        Assert.Contains(says, condition.Message, StringComparison.Ordinal);
    }

    private static string Digest(int i) =>
        new string((char)('0' + (i % 10)), 62) + (i / 10).ToString("00", System.Globalization.CultureInfo.InvariantCulture);

    private static OSImageStatus Look(OSImageStatus? former, string? found, double minutes, OSImageSpec? spec = null,
        DateTimeOffset? created = null) =>
        OSImageStatusRules.Compute(
            ImageOf(former, spec), found is null ? null
                : new(Image(found, Given.In(minutes)) with { Created = created }, Reasons.Resolved, "found"), [], Given.In(minutes));

    private static OSImage ImageOf(OSImageStatus? status, OSImageSpec? spec = null) =>
        new() { Metadata = new() { Name = "edge-os", Generation = 2 }, Spec = spec ?? Aged, Status = status };

    private static ResolvedImage Image(string digest, DateTimeOffset seen) =>
        new() { Reference = "acme:acme/stable/x86_64/edge", Digest = digest, Version = "42", ResolvedAt = seen };
}
