using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Images;

/// <summary>A tag or a ref that moves back in time is not followed: a signature does not expire.</summary>
public sealed class DowngradeTests
{
    private const string Tag = "quay.io/acme/edge:stable";
    private static readonly string Old = "sha256:" + new string('a', 64);
    private static readonly string New = "sha256:" + new string('b', 64);
    private static readonly DateTimeOffset Monday = new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Tuesday = Monday.AddDays(1);

    [Fact]
    public void A_tag_that_moves_to_an_older_image_is_refused_and_the_last_digest_stays()
    {
        var image = Image(Tag, Resolved(Tag, New, Tuesday));

        var outcome = DowngradeRules.Judge(image, Found(Tag, Old, Monday));

        Assert.Equal((null, Reasons.Downgrade), (outcome.Image, outcome.Reason));
        Assert.Contains("2026-11-02T00:00:00Z, before", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("spec.allowDowngrade", outcome.Message, StringComparison.Ordinal);
        var status = OSImageStatusRules.Compute(image, outcome, [], Given.Now);
        ConditionLint.Check(status.Conditions!);
        Assert.Equal((New, Reasons.Downgrade), (status.Resolved!.Digest, status.Conditions.Find(ConditionTypes.Ready)!.Reason));
        Assert.Contains("found before, stays", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.Equal(Reasons.Downgrade, status.Conditions.Find(ConditionTypes.Stalled)!.Reason);

        // Nor in a pass in which no try is due.
        Assert.Equal(Reasons.Downgrade, OSImageStatusRules.Compute(image with { Status = status }, null, [], Given.Now).Conditions.Find(ConditionTypes.Ready)!.Reason);
    }

    [Fact]
    public void An_image_without_a_date_is_not_followed_from_one_with_a_date() =>
        Assert.Equal((null, Reasons.ResolveFailed), Reason(DowngradeRules.Judge(Image(Tag, Resolved(Tag, New, Tuesday)), Found(Tag, Old, null))));

    public static TheoryData<string, OSImage, ResolveOutcome> Allowed => new()
    {
        { "newer", Image(Tag, Resolved(Tag, Old, Monday)), Found(Tag, New, Tuesday) },
        { "the same date", Image(Tag, Resolved(Tag, Old, Monday)), Found(Tag, New, Monday) },
        { "the same digest", Image(Tag, Resolved(Tag, Old, Tuesday)), Found(Tag, Old, Monday) },
        { "the first", Image(Tag, null), Found(Tag, Old, Monday) },
        { "no dates at all", Image(Tag, Resolved(Tag, New, null)), Found(Tag, Old, null) },
        { "allowed", Image(Tag, Resolved(Tag, New, Tuesday), allow: true), Found(Tag, Old, Monday) },
        { "allowed without a date", Image(Tag, Resolved(Tag, New, Tuesday), allow: true), Found(Tag, Old, null) },
        { "pinned", Image("quay.io/acme/edge@" + Old, Resolved(Tag, New, Tuesday)), Found("quay.io/acme/edge@" + Old, Old, Monday) },
        { "another tag", Image("quay.io/acme/edge:41", Resolved(Tag, New, Tuesday)), Found("quay.io/acme/edge:41", Old, Monday) },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void What_is_newer_or_asked_for_is_followed(string label, OSImage image, ResolveOutcome outcome)
    {
        Assert.NotEmpty(label);
        Assert.Same(outcome, DowngradeRules.Judge(image, outcome));
    }

    private static (ResolvedImage?, string) Reason(ResolveOutcome outcome) => (outcome.Image, outcome.Reason);

    private static ResolveOutcome Found(string reference, string digest, DateTimeOffset? created) => new(Resolved(reference, digest, created), Reasons.Resolved, "found");

    private static ResolvedImage Resolved(string reference, string digest, DateTimeOffset? created) =>
        new() { Reference = reference, Digest = digest, Created = created, ResolvedAt = Given.Now };

    private static OSImage Image(string image, ResolvedImage? resolved, bool allow = false) => new()
    {
        Metadata = new() { Name = "edge-os", Generation = 1 },
        Spec = new() { Container = new() { Image = image }, AllowDowngrade = allow },
        Status = resolved is null ? null : new() { ObservedGeneration = 1, Resolved = resolved },
    };
}
