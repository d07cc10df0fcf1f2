using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Status;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Edits;

/// <summary>What pause, resume, approve, open, reboot and retry change. Pure: the policy as it is goes in, the change comes out.</summary>
internal static class PolicyEdits
{
    private const string Plural = "upgradepolicy";

    public static FieldEdit Pause(UpgradePolicy policy) => policy.Spec.Paused
        ? FieldEdit.None(Plural, policy.Metadata.Name, $"{policy.Metadata.Name} is already paused.")
        : Edit(policy, new() { ["paused"] = true }, $"{policy.Metadata.Name} is paused. Nodes in flight finish; no other node is disrupted.");

    public static FieldEdit Resume(UpgradePolicy policy) => !policy.Spec.Paused
        ? FieldEdit.None(Plural, policy.Metadata.Name, $"{policy.Metadata.Name} is not paused.")
        : Edit(policy, new() { ["paused"] = false }, $"{policy.Metadata.Name} is resumed.");

    /// <param name="policy">The policy.</param>
    /// <param name="time">For how long. Zero: what was opened is closed again.</param>
    /// <param name="ignoreFreezes">Whether freezes do not count until then either.</param>
    /// <param name="now">The clock of this machine.</param>
    public static FieldEdit Open(UpgradePolicy policy, TimeSpan time, bool ignoreFreezes, DateTimeOffset now)
    {
        var (name, spec) = (policy.Metadata.Name, policy.Spec);
        if (time == TimeSpan.Zero)
        {
            return spec.Rollout.OpenUntil > now
                ? Edit(policy, new() { ["rollout"] = new JsonObject { ["openUntil"] = null, ["ignoreFreezes"] = null } },
                    $"{name} is closed again: its windows and freezes apply.")
                : FieldEdit.None(Plural, name, $"{name} is not opened, so its windows and freezes apply.");
        }

        if (spec is { Windows: null or { Count: 0 }, Freezes: null or { Count: 0 } })
        {
            return FieldEdit.None(Plural, name, $"{name} has neither windows nor freezes, so its nodes may be disrupted at any time.");
        }

        if (time > DateTimeOffset.MaxValue - now)
        {
            throw CommandException.Usage($"--for {new Duration(time)}: that is beyond the calendar.");
        }

        var until = Timestamp.Format(now + time);
        var rollout = new JsonObject { ["openUntil"] = until };
        if (ignoreFreezes || spec.Rollout.IgnoreFreezes)
        {
            rollout["ignoreFreezes"] = ignoreFreezes;
        }

        var freeze = ignoreFreezes ? null : (spec.Freezes ?? []).Where(f => f.From < now + time && f.To > now).MinBy(f => f.From);
        var says = $"{name} is open until {until}{(ignoreFreezes ? ", freezes included" : "")}. "
            + "A node gets a slot only if it will be done by then.";
        return Edit(policy, new() { ["rollout"] = rollout }, says) with { Next = freeze is null ? [] : [StillApplies(freeze)] };
    }

    private static string StillApplies(Freeze freeze) =>
        $"The freeze from {Timestamp.Format(freeze.From)} to {Timestamp.Format(freeze.To)} still applies. "
        + "To ignore it as well, add --ignore-freezes.";

    /// <param name="policy">The policy.</param>
    /// <param name="now">The clock of this machine.</param>
    public static FieldEdit Reboot(UpgradePolicy policy, DateTimeOffset now)
    {
        var moment = Timestamp.Format(now);
        return Edit(
            policy, new() { ["rollout"] = new JsonObject { ["rebootBefore"] = moment } },
            $"Nodes of {policy.Metadata.Name} that booted before {moment} reboot, in slots, drains and windows as for an upgrade.") with
        {
            Next = ["Nodes that do not run the target reboot with their upgrade."],
        };
    }

    /// <param name="policy">The policy.</param>
    /// <param name="wave">Default: the one that waits for approval.</param>
    /// <param name="digest">Default: the tree that the policy leads to now. Named, it must be that one: whoever names it has seen
    /// it.</param>
    public static FieldEdit Approve(UpgradePolicy policy, string? wave, string? digest)
    {
        var name = policy.Metadata.Name;
        if (policy.Status?.Target is not { } target)
        {
            throw new CommandException($"{name} has no target yet ({PolicyState.Reason(policy)}). Approve it when kubectl ostler status {name} shows one.");
        }

        if (digest is not null && Digest.Bare(digest) != Digest.Bare(target.Digest))
        {
            throw new CommandException($"The target of {name} is {target.Digest}, not {digest}. An approval for another digest has no effect. Check kubectl ostler status {name}.");
        }

        var chosen = WaveOf(policy, wave);
        var grants = policy.Spec.Rollout.Approvals ?? [];
        if (grants.Any(g => g.Wave == chosen && Digest.Bare(g.Digest) == Digest.Bare(target.Digest)))
        {
            return FieldEdit.None(Plural, name, $"Wave {chosen} of {name} is already approved for {MessageText.Of(target.Digest, target.Version)}.");
        }

        // There is one entry for each wave, and of another tree it opens nothing.
        var approvals = grants.Where(g => g.Wave != chosen).Append(new() { Wave = chosen, Digest = target.Digest });
        var list = new JsonArray([.. approvals.Select(g => (JsonNode)new JsonObject { ["wave"] = g.Wave, ["digest"] = g.Digest })]);
        return Edit(policy, new() { ["rollout"] = new JsonObject { ["approvals"] = list } }, $"Wave {chosen} of {name} is approved for {MessageText.Of(target.Digest, target.Version)}.");
    }

    /// <param name="policy">The policy.</param>
    /// <param name="image">The image that it names; null: there is none.</param>
    /// <param name="now">The clock of this machine. A failure that the controller's clock has put after it is retried too.</param>
    /// <exception cref="CommandException">The image is quarantined for another reason than a failure of this policy, so a retry would
    /// change nothing.</exception>
    public static FieldEdit Retry(UpgradePolicy policy, OSImage? image, DateTimeOffset now)
    {
        var name = policy.Metadata.Name;
        if (image is not null && QuarantineEdits.WhyRetryIsInVain(policy, image) is { } quarantine)
        {
            throw new CommandException(quarantine);
        }

        var own = (image?.Status?.Quarantined ?? []).Where(q => q.Policy == name).Select(q => q.Since);
        var last = (policy.Status?.FailedDigests ?? []).Select(f => f.At).Concat(own).DefaultIfEmpty(now).Max();
        var moment = Timestamp.Format(last > now ? last : now);
        return Edit(
            policy, new() { ["rollout"] = new JsonObject { ["retryFailuresBefore"] = moment } },
            $"Failures of {name} up to {moment} no longer count. Failed nodes are tried again, and what this policy quarantined is released.");
    }

    private static string WaveOf(UpgradePolicy policy, string? wave)
    {
        var name = policy.Metadata.Name;
        var manual = (policy.Spec.Rollout.Waves ?? []).Where(w => w.Approval == WaveApproval.Manual).Select(w => w.Name).ToArray();
        if (manual.Length == 0)
        {
            throw new CommandException($"{name} has no wave with approval: Manual, so there is nothing to approve.");
        }

        if (wave is null)
        {
            return PolicyState.WaitsForApproval(policy) ?? throw new CommandException(
                $"No wave of {name} waits for approval now ({PolicyState.Reason(policy)}). To approve one in advance, name it with --wave: {string.Join(", ", manual)}.");
        }

        return manual.Contains(wave) ? wave : throw new CommandException($"{name} has no wave {wave} with approval: Manual. It has: {string.Join(", ", manual)}.");
    }

    private static FieldEdit Edit(UpgradePolicy policy, JsonObject spec, string says) => new(Plural, policy.Metadata.Name, new() { ["spec"] = spec }, says);
}
