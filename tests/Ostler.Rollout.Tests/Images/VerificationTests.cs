using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Images;

/// <summary>Fails closed: what is not known to be signed with the present key goes to no node, whatever happened before.</summary>
public sealed class VerificationTests
{
    private const string KeyOne = "1111111111111111";
    private const string KeyTwo = "2222222222222222";
    private static readonly string Digest = "sha256:" + Trees.New;

    [Fact]
    public void A_digest_that_was_verified_makes_the_image_Ready_and_Verified()
    {
        var status = Compute(null, Found());

        Check(status, ConditionStatus.True, Reasons.Verified, ConditionStatus.True);
        Assert.True(IsTarget(status));

        // A pass in which no try was due.
        Check(Compute(status, null), ConditionStatus.True, Reasons.Verified, ConditionStatus.True);
    }

    [Fact]
    public void An_image_that_is_not_signed_has_no_digest()
    {
        var status = Compute(null, new(null, Reasons.NotSigned, "carries no signature") { Key = KeyOne });

        Assert.Null(status.Resolved);
        Check(status, ConditionStatus.False, Reasons.NotSigned, ConditionStatus.False);
        Assert.False(IsTarget(status));
        Check(Compute(status, null), ConditionStatus.False, Reasons.NotSigned, ConditionStatus.False);
    }

    [Fact]
    public void The_last_good_digest_stays_verified_when_the_tag_moves_to_what_is_not_signed()
    {
        var status = Compute(Compute(null, Found()), new(null, Reasons.NotSigned, "new one carries no signature") { Key = KeyOne });

        Check(status, ConditionStatus.True, Reasons.Verified, ConditionStatus.False);
        Assert.Equal(Reasons.NotSigned, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.Contains("found before, stays", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.True(IsTarget(status));
    }

    [Fact]
    public void A_key_in_a_Secret_that_changed_takes_the_digest_away_until_it_is_verified_with_the_new_one()
    {
        var status = Compute(Compute(null, Found()), new(null, Reasons.VerificationFailed, "was made with another key") { Key = KeyTwo });

        Check(status, ConditionStatus.False, Reasons.VerificationFailed, ConditionStatus.False);
        Assert.Contains("no node gets it", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.False(IsTarget(status));

        // Nor does it come back by itself.
        var later = Compute(status, null);
        Assert.False(IsTarget(later));
        Assert.True(IsTarget(Compute(later, Found() with { Image = Found().Image! with { VerifiedWith = KeyTwo }, Key = KeyTwo })));
    }

    [Fact]
    public void A_Secret_that_cannot_be_read_for_once_takes_nothing_away()
    {
        var status = Compute(Compute(null, Found()), new(null, Reasons.SecretNotReadable, "timeout"));

        Check(status, ConditionStatus.True, Reasons.Verified, ConditionStatus.False);
        Assert.True(IsTarget(status));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_changed_spec_is_not_verified_before_it_has_been_tried(bool failed)
    {
        var image = Image(Compute(null, Found())) with { Metadata = new() { Name = "edge-os", Generation = 3 } };

        var status = OSImageStatusRules.Compute(image, failed ? new(null, Reasons.ResolveFailed, "503") { Key = KeyOne } : null, [], Given.Now);

        Check(status, failed ? ConditionStatus.False : ConditionStatus.Unknown, failed ? Reasons.ResolveFailed : Reasons.ImageNotReady, ConditionStatus.False);
        Assert.False(IsTarget(status, image));

        // The planner sees the new spec before the status speaks of it.
        Assert.False(IsTarget(image.Status!, image));
    }

    [Fact]
    public void Verification_asked_for_afterwards_counts_for_what_was_resolved_before()
    {
        var plain = Image(null) with { Spec = new() { Container = new() { Image = "quay.io/acme/edge:stable" } } };
        var status = OSImageStatusRules.Compute(plain, new(Found().Image! with { VerifiedWith = null }, Reasons.Resolved, ""), [], Given.Now);
        Assert.Null(status.Conditions.Find(ConditionTypes.Verified));
        Assert.True(IsTarget(status, plain with { Status = status }));

        var asked = Image(status) with { Metadata = new() { Name = "edge-os", Generation = 3 } };

        Assert.False(IsTarget(status, asked));
    }

    private static bool IsTarget(OSImageStatus status, OSImage? image = null)
    {
        image ??= Image(status);
        var snapshot = Given.Snapshot(Given.Idle("n1")) with
        {
            Image = new() { Name = "edge-os", Generation = image.Metadata.Generation, Spec = image.Spec, Status = status },
        };
        var plan = RolloutPlanner.Plan(snapshot);
        Assert.Equal(plan.Target is null, plan.Gate is { Reason: Reasons.VerificationFailed or Reasons.ImageNotReady });
        return plan.Target is not null;
    }

    private static void Check(OSImageStatus status, ConditionStatus verified, string reason, ConditionStatus ready)
    {
        ConditionLint.Check(status.Conditions!);
        var condition = status.Conditions.Find(ConditionTypes.Verified)!;
        Assert.Equal((verified, reason), (condition.Status, condition.Reason));
        Assert.Equal(ready, status.Conditions.Find(ConditionTypes.Ready)!.Status);
    }

    private static OSImageStatus Compute(OSImageStatus? former, ResolveOutcome? outcome) => OSImageStatusRules.Compute(Image(former), outcome, [], Given.Now);

    private static ResolveOutcome Found() => new(
        new() { Reference = "quay.io/acme/edge:stable", Digest = Digest, Version = "42", ResolvedAt = Given.Now, VerifiedWith = KeyOne }, Reasons.Resolved, "found")
    {
        Key = KeyOne,
    };

    private static OSImage Image(OSImageStatus? status) => new()
    {
        Metadata = new() { Name = "edge-os", Generation = 2 },
        Spec = new()
        {
            Container = new() { Image = "quay.io/acme/edge:stable", Verification = new() { Cosign = new() { PublicKeySecretRef = new() { Namespace = "a", Name = "b" } } } },
        },
        Status = status,
    };
}
