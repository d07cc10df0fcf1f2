using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Status;
using Ostler.Controller.Telemetry;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Validation;

namespace Ostler.Controller.OSImages;

/// <summary>Keeps the status of an OSImage: which tree it names now, and which digests no node may get.</summary>
internal sealed partial class OSImageReconciler(
    Informer<OSImage> images,
    ILister<UpgradePolicy> policies,
    StatusWriter<OSImage> status,
    ImageResolver resolver,
    Announcements announcements,
    ControllerMetrics metrics,
    TimeProvider time,
    ILogger<OSImageReconciler> logger)
{
    // Only the pace of polls, and what the last one found until it is written. A new leader polls each image once, at once.
    private readonly ConcurrentDictionary<string, Poll> _polls = new();

    public async Task<ReconcileResult> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        var key = NamespacedName.ClusterScoped(name);
        if (images.Lister.Get(key) is not { Metadata.DeletionTimestamp: null } image)
        {
            _polls.TryRemove(name, out _);
            status.Forget(key);
            metrics.ForgetImage(name);
            return ReconcileResult.Done;
        }

        var now = time.GetUtcNow();
        var poll = _polls.GetValueOrDefault(name);
        if ((poll is null || poll.IsDue(image, now)) && await ResolveAsync(image, cancellationToken) is { } outcome)
        {
            poll = Next(image, outcome, poll, time.GetUtcNow());
            _polls[name] = poll;
        }

        // Again at every pass: the write of a first one may have been held back or have failed.
        var found = poll?.Generation == image.Metadata.Generation ? poll.Outcome : null;
        var next = found is null ? null : poll?.NextAt?.TruncateToSeconds();
        var computed = OSImageStatusRules.Compute(image, found, Failures(), time.GetUtcNow());
        var wanted = image with { Status = computed with { NextPollAt = next } };
        var write = await status.WriteAsync(image, wanted, cancellationToken);
        if (write.Written)
        {
            announcements.Changed(image, wanted);
        }

        metrics.ObserveImage(name, wanted.Status);
        TimeSpan?[] waits = [Until(poll?.NextAt), Until(OSImageStatusRules.NextEligible(computed, time.GetUtcNow())), write.HeldFor];
        return waits.Min() is { } wait ? ReconcileResult.After(wait) : ReconcileResult.Done;
    }

    private async Task<ResolveOutcome?> ResolveAsync(OSImage image, CancellationToken cancellationToken)
    {
        if (SpecValidation.Validate(image.Spec).Count > 0)
        {
            // Nothing is asked of a spec that cannot be carried out; the status says what is wrong with it.
            return null;
        }

        LogResolving(image.Metadata.Name, OSImageStatusRules.ReferenceOf(image.Spec));
        var outcome = await resolver.ResolveAsync(image, cancellationToken);
        metrics.Resolved(outcome.Reason);
        if (outcome.Image is null)
        {
            LogUnresolved(image.Metadata.Name, outcome.Reason, outcome.Message);
        }

        return outcome;
    }

    private static Poll Next(OSImage image, ResolveOutcome outcome, Poll? former, DateTimeOffset now)
    {
        var failures = outcome.Image is not null ? 0 : former is not null && former.IsFor(image) ? former.Failures + 1 : 1;
        return new(image.Metadata.Generation, RefreshOf(image), now + PollSchedule.Wait(image, outcome, failures), failures, outcome);
    }

    /// <summary>The last refresh that a user asked for; null: none.</summary>
    internal static string? RefreshOf(OSImage image) =>
        image.Metadata.Annotations?.GetValueOrDefault(OSImageAnnotations.RefreshRequestedAt);

    private IReadOnlyList<PolicyFailures> Failures() =>
    [
        .. policies.List().OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => new PolicyFailures
        {
            Policy = p.Metadata.Name,
            Image = p.Spec.ImageRef.Name,
            RetryFailuresBefore = p.Spec.Rollout.RetryFailuresBefore,
            FailedDigests = p.Status?.FailedDigests ?? [],
        }),
    ];

    // A timer has its longest span, and what is further away is looked at again before.
    private TimeSpan? Until(DateTimeOffset? moment) => moment is not { } at ? null
        : TimeSpan.FromTicks(Math.Clamp((at - time.GetUtcNow()).Ticks, TimeSpan.TicksPerSecond, TimeSpan.TicksPerDay));

    private sealed record Poll(long Generation, string? Refresh, DateTimeOffset? NextAt, int Failures, ResolveOutcome Outcome)
    {
        /// <summary>Whether nothing was asked for since: neither another spec nor a refresh.</summary>
        public bool IsFor(OSImage image) => Generation == image.Metadata.Generation && Refresh == RefreshOf(image);

        public bool IsDue(OSImage image, DateTimeOffset now) => !IsFor(image) || NextAt <= now;
    }

    [LoggerMessage(1, LogLevel.Debug, "Resolving OSImage {Image}: {Reference}")]
    private partial void LogResolving(string image, string? reference);

    [LoggerMessage(2, LogLevel.Warning, "OSImage {Image} could not be resolved: {Reason}: {Words}")]
    private partial void LogUnresolved(string image, string reason, string words);
}
