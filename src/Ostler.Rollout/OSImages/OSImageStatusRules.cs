using System.Diagnostics.CodeAnalysis;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Text;
using Ostler.Rollout.Validation;

namespace Ostler.Rollout.OSImages;

/// <summary>The status of an OSImage, from what it resolved to and from what rollouts found out. Pure.</summary>
public static class OSImageStatusRules
{
    private const int MostHistory = 10;

    /// <summary>
    /// What <see cref="ResolvedImage.Reference"/> is for this spec: the image as written, or the refspec <c>remote:branch</c>; null when
    /// neither is given. A resolved image with another reference belongs to a former spec and is not rolled out.
    /// </summary>
    public static string? ReferenceOf(OSImageSpec spec) =>
        spec.Container?.Image ?? (spec.Ostree is { } ostree ? $"{ostree.Remote}:{ostree.Ref}" : null);

    /// <summary>
    /// Whether the tree was found for what the spec names now. What a digest or a commit pins must be just that.
    /// </summary>
    public static bool IsOf(OSImageSpec spec, [NotNullWhen(true)] ResolvedImage? resolved) =>
        resolved is not null && resolved.Reference == ReferenceOf(spec) && (PinOf(spec) is not { } pinned || pinned == resolved.Digest);

    /// <summary>The commit or digest that the spec pins; null: it follows a ref or a tag.</summary>
    public static string? PinOf(OSImageSpec spec) => spec.Container is { } container
        ? ImageName.TryParse(container.Image, out var reference, out _) ? reference.Digest : null
        : spec.Ostree?.Commit;

    /// <summary>
    /// Whether no node may get the digest: a person denied it, or a rollout failed with it and no person allowed it again.
    /// </summary>
    public static bool IsQuarantined(OSImageSpec spec, OSImageStatus? status, string digest)
    {
        if (spec.Quarantine?.Deny?.Contains(digest) == true)
        {
            return true;
        }

        return spec.Quarantine?.Allow?.Contains(digest) != true && (status?.Quarantined ?? []).Any(q => q.Digest == digest);
    }

    /// <summary>When the next image is old enough for spec.minAge; null: none waits for that.</summary>
    public static DateTimeOffset? NextEligible(OSImageStatus status, DateTimeOffset now) => MinAgeRules.NextAt(status, now);

    /// <summary>The status after a pass.</summary>
    /// <param name="image">The object as read.</param>
    /// <param name="outcome">What resolving gave in this pass; null when none was due.</param>
    /// <param name="policies">All policies of the cluster.</param>
    /// <param name="now">The controller's clock.</param>
    public static OSImageStatus Compute(OSImage image, ResolveOutcome? outcome, IReadOnlyList<PolicyFailures> policies, DateTimeOffset now)
    {
        var former = image.Status;
        var (resolved, pending) = MinAgeRules.Advance(image.Spec, former, outcome?.Image, now);
        var history = History(former, resolved);
        var quarantined = Quarantine.Merge(image.Metadata.Name, image.Spec, former?.Quarantined, KnownDigests(resolved, history), policies, now);
        var status = new OSImageStatus
        {
            ObservedGeneration = image.Metadata.Generation,
            Resolved = resolved,
            Pending = pending is [] ? null : pending,
            History = history is [] ? null : history,
            Quarantined = quarantined is [] ? null : quarantined,
        };
        return status with
        {
            Conditions = Ostler.Api.Meta.Conditions.Carry(former?.Conditions, ConditionsOf(image, status, outcome, now),
                image.Metadata.Generation, now),
        };
    }

    private static IReadOnlyList<ResolvedImage> History(OSImageStatus? former, ResolvedImage? resolved)
    {
        var history = former?.History ?? [];
        return former?.Resolved is { } last && resolved is not null && last.Digest != resolved.Digest
            ? [.. history.Prepend(last).Where(h => h.Digest != resolved.Digest).DistinctBy(h => h.Digest).Take(MostHistory)]
            : history;
    }

    private static HashSet<string> KnownDigests(ResolvedImage? resolved, IReadOnlyList<ResolvedImage> history) =>
        [.. history.Select(h => h.Digest), .. resolved is null ? [] : new[] { resolved.Digest }];

    private static IEnumerable<Condition> ConditionsOf(OSImage image, OSImageStatus status, ResolveOutcome? outcome, DateTimeOffset now)
    {
        var problems = SpecValidation.Validate(image.Spec);
        var verified = problems.Count == 0 ? VerificationRules.ConditionOf(image, status.Resolved, outcome) : null;
        var ready = Ready(image, status, outcome, problems, verified, now);
        yield return problems is [var problem, ..]
            ? ConditionOf(ConditionTypes.Accepted, ConditionStatus.False, problem.Reason, $"{problem.Field}: {problem.Message}")
            : ConditionOf(ConditionTypes.Accepted, ConditionStatus.True, Reasons.Succeeded, "The spec is valid.");
        yield return ready;
        if (verified is not null)
        {
            yield return verified;
        }

        if (ready.Status != ConditionStatus.True)
        {
            var stalled = ready.Reason is Reasons.Invalid or Reasons.NotSupportedYet or Reasons.Quarantined || ResolveOutcome.NeedsPerson(ready.Reason);
            yield return ConditionOf(stalled ? ConditionTypes.Stalled : ConditionTypes.Reconciling, ConditionStatus.True, ready.Reason, ready.Message);
        }
    }

    private static Condition Ready(
        OSImage image, OSImageStatus status, ResolveOutcome? outcome, IReadOnlyList<FieldProblem> problems, Condition? verified,
            DateTimeOffset now)
    {
        if (problems is [var problem, ..])
        {
            return NotReady(problem.Reason, $"{problem.Field}: {problem.Message}");
        }

        var isVerified = verified is null or { Status: ConditionStatus.True };
        var isCurrent = IsOf(image.Spec, status.Resolved);
        if (outcome is { Image: null })
        {
            var kept = isCurrent
                ? $" {MessageText.Of(status.Resolved!.Digest, status.Resolved.Version)}, found before, {(isVerified ? "stays in effect" : "is not verified, so no node gets it")}."
                : "";
            return NotReady(outcome.Reason, outcome.Message + kept);
        }

        if (outcome is null)
        {
            // Nothing was due: what was said about this very spec still holds.
            var former = image.Status?.Conditions.Find(ConditionTypes.Ready);
            if (former is { Status: ConditionStatus.False } && ResolveOutcome.IsFailure(former.Reason) && former.ObservedGeneration == image.Metadata.Generation)
            {
                return NotReady(former.Reason, former.Message);
            }

            if ((!isCurrent && status.Pending is null) || (isCurrent && !isVerified))
            {
                return NotReady(Reasons.ImageNotReady, "It is being resolved.");
            }
        }

        if (!isCurrent && status.Pending is [.., var young])
        {
            return NotReady(Reasons.ImageTooYoung, MinAgeText.Waits(image.Spec, young));
        }

        if (!isVerified)
        {
            return NotReady(verified!.Reason, verified.Message);
        }

        var name = MessageText.Of(status.Resolved!.Digest,
            image.Spec.MinAge.Value > TimeSpan.Zero ? status.Resolved.Version : image.Spec.Version ?? status.Resolved.Version);
        if (IsQuarantined(image.Spec, status, status.Resolved.Digest))
        {
            var entry = status.Quarantined!.First(q => q.Digest == status.Resolved.Digest);
            var who = entry.Policy is { Length: > 0 } policy ? $"it failed in policy {policy} ({entry.Reason})" : "spec.quarantine.deny lists it";
            return NotReady(Reasons.Quarantined, $"{name} is quarantined: {who}. Release a fixed image, or allow the digest (kubectl ostler quarantine remove).");
        }

        var pinnedToOne = PinOf(image.Spec) is not null;
        return ConditionOf(
            ConditionTypes.Ready, ConditionStatus.True, pinnedToOne ? Reasons.Pinned : Reasons.Resolved,
            (pinnedToOne ? $"Pinned to {name}." : $"{status.Resolved!.Reference} is {name}.") + MinAgeText.Note(image.Spec, status, now));
    }

    private static Condition NotReady(string reason, string message) => ConditionOf(ConditionTypes.Ready, ConditionStatus.False, reason, message);

    private static Condition ConditionOf(string type, ConditionStatus status, string reason, string message) =>
        new() { Type = type, Status = status, Reason = reason, Message = message };
}
