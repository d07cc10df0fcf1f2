using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Images;

public sealed class PollScheduleTests
{
    private static readonly ResolveOutcome Good = new(new() { Reference = "x", Digest = Trees.New, ResolvedAt = Given.Now }, Reasons.Resolved, "");
    private static readonly ResolveOutcome Bad = new(null, Reasons.ResolveFailed, "");

    [Fact]
    public void A_tag_is_polled_at_its_interval_give_or_take_a_tenth_and_always_the_same_for_one_object()
    {
        var waits = Enumerable.Range(0, 200).Select(i => PollSchedule.Wait(Image($"uid-{i}"), Good, 0)!.Value).ToArray();

        Assert.All(waits, w => Assert.InRange(w, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11)));
        Assert.True(waits.Distinct().Count() > 190);
        Assert.InRange(waits.Average(w => w.TotalMinutes), 9.8, 10.2);
        Assert.Equal(waits[7], PollSchedule.Wait(Image("uid-7"), Good, 0));
    }

    [Fact]
    public void What_is_pinned_is_not_polled_unless_its_key_may_change()
    {
        var pinned = "quay.io/acme/edge@sha256:" + Trees.New;
        var secret = new SecretReference { Namespace = "a", Name = "b" };

        Assert.Null(PollSchedule.Wait(Image("u", new() { Image = pinned }), Good, 0));
        Assert.Null(PollSchedule.Wait(Image("u", new() { Image = pinned, Verification = new() { Cosign = new() { PublicKey = "k" } } }), Good, 0));
        Assert.NotNull(PollSchedule.Wait(Image("u", new() { Image = pinned, Verification = new() { Cosign = new() { PublicKeySecretRef = secret } } }), Good, 0));
        Assert.Null(PollSchedule.Wait(Image("u") with { Spec = Trees.ImageSpec with { PollInterval = Duration.Zero } }, Good, 0));
        Assert.Null(PollSchedule.Wait(Image("u") with { Spec = Trees.ImageSpec with { Ostree = Trees.ImageSpec.Ostree! with { Commit = Trees.New } } }, Good, 0));
    }

    [Fact]
    public void Failures_in_a_row_are_spaced_further_apart_up_to_the_interval()
    {
        var image = Image("u");
        var spread = PollSchedule.Spread(image.Metadata);

        var waits = Enumerable.Range(1, 7).Select(n => Math.Round(PollSchedule.Wait(image, Bad, n)!.Value.TotalSeconds / spread));

        Assert.Equal([30, 60, 120, 240, 480, 600, 600], waits);
        Assert.Equal(600, Math.Round(PollSchedule.Wait(image, Bad, int.MaxValue)!.Value.TotalSeconds / spread));
    }

    [Fact]
    public void A_server_that_asks_to_be_left_alone_is_but_not_for_ever()
    {
        Assert.Equal(TimeSpan.FromMinutes(20), PollSchedule.Wait(Image("u"), Bad with { RetryAfter = TimeSpan.FromMinutes(20) }, 1));
        Assert.Equal(TimeSpan.FromHours(1), PollSchedule.Wait(Image("u"), Bad with { RetryAfter = TimeSpan.FromDays(9) }, 1));
        Assert.Equal(PollSchedule.Wait(Image("u"), Bad, 1), PollSchedule.Wait(Image("u"), Bad with { RetryAfter = TimeSpan.FromSeconds(1) }, 1));
    }

    private static OSImage Image(string uid, ContainerSource? container = null) => new()
    {
        Metadata = new() { Name = "edge", Uid = uid },
        Spec = container is null ? Trees.ImageSpec : new() { Container = container },
    };
}
