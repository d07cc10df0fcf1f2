using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Edits;
using Ostler.Cli.Hosting;
using Ostler.Cli.Plan;
using Ostler.Cli.Resources;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using System.CommandLine;

namespace Ostler.Cli.Commands;

/// <summary>pause, resume, approve, open, reboot, retry, rollback, refresh and quarantine: each one edit of a declared field.</summary>
internal static class EditCommands
{
    // The controller writes status all the time during a rollout, and each write changes the version that an edit must be of.
    private const int Attempts = 10;

    public static IEnumerable<Command> Create(CommandRunner commands)
    {
        yield return OfPolicy(commands, "pause", "Stop before the next node; nodes in flight finish (spec.paused: true)", [], (policy, _) => PolicyEdits.Pause(policy));
        yield return OfPolicy(commands, "resume", "Resume after a pause (spec.paused: false)", [], (policy, _) => PolicyEdits.Resume(policy));

        var wave = new Option<string?>("--wave") { Description = "The wave. Default: the one that waits for approval", HelpName = "NAME" };
        var digest = new Option<string?>("--digest") { Description = "The digest to approve. Default: the current target of the policy", HelpName = "DIGEST" };
        yield return OfPolicy(
            commands, "approve", "Approve a wave for the current target (spec.rollout.approvals)", [wave, digest], (policy, r) => PolicyEdits.Approve(policy, r.GetValue(wave), r.GetValue(digest)));
        yield return Open(commands);
        yield return OfPolicy(
            commands, "reboot", "Reboot nodes that booted before now, without a new image (spec.rollout.rebootBefore)", [],
            (policy, _) => PolicyEdits.Reboot(policy, commands.Environment.Time.GetUtcNow()));
        yield return Retry(commands);
        yield return Rollback(commands);
        yield return Refresh(commands);
        yield return new Command("quarantine", "Quarantine a digest, or lift the quarantine (spec.quarantine of the OSImage)")
        {
            OfImage(commands, "add", "Quarantine a digest: no node gets it (spec.quarantine.deny)", QuarantineEdits.Add),
            OfImage(commands, "remove", "Lift the quarantine of a digest (spec.quarantine.deny and allow)", QuarantineEdits.Remove),
        };
    }

    private static Command OfPolicy(CommandRunner commands, string verb, string description, IReadOnlyList<Option> options, Func<UpgradePolicy, ParseResult, FieldEdit> edit)
    {
        var policy = commands.CompleteNames(new Argument<string>("policy") { Description = "The UpgradePolicy" },
            OstlerResources.UpgradePolicies);
        var dryRun = DryRun();
        var command = new Command(verb, description) { policy, dryRun };
        foreach (var option in options)
        {
            command.Add(option);
        }

        return commands.WithCluster(command, (arguments, client, cancel) => EditAsync(
            commands, client, OstlerResources.UpgradePolicies, token => PolicyLookup.PolicyAsync(client, arguments.GetRequiredValue(policy), token),
            p => edit(p, arguments), arguments.GetValue(dryRun), cancel));
    }

    private static Command Open(CommandRunner commands)
    {
        var time = new Option<string>("--for")
        {
            Description = "How long, such as 2h or 90m. 0: close again before the time is over",
            HelpName = "DURATION",
            Required = true,
        };
        var freezes = new Option<bool>("--ignore-freezes") { Description = "Ignore freezes as well (spec.rollout.ignoreFreezes)" };
        return OfPolicy(
            commands, "open", "Open the maintenance windows for a while (spec.rollout.openUntil)", [time, freezes],
            (policy, r) => PolicyEdits.Open(
                policy, FleetOptions.Time("--for", r.GetRequiredValue(time)), r.GetValue(freezes), commands.Environment.Time.GetUtcNow()));
    }

    private static Command Retry(CommandRunner commands)
    {
        OSImage? image = null;
        var policy = commands.CompleteNames(new Argument<string>("policy") { Description = "The UpgradePolicy" },
            OstlerResources.UpgradePolicies);
        var dryRun = DryRun();
        const string Description = "Retry failed nodes, and release what this policy quarantined (spec.rollout.retryFailuresBefore)";
        return commands.WithCluster(new Command("retry", Description) { policy, dryRun }, (arguments, client, cancel) => EditAsync(
            commands, client, OstlerResources.UpgradePolicies,
            async token =>
            {
                var found = await PolicyLookup.PolicyAsync(client, arguments.GetRequiredValue(policy), token);
                image = await client.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(found.Spec.ImageRef.Name), token);
                return found;
            },
            found => PolicyEdits.Retry(found, image, commands.Environment.Time.GetUtcNow()), arguments.GetValue(dryRun), cancel));
    }

    private static Command Refresh(CommandRunner commands)
    {
        var image = commands.CompleteNames(new Argument<string>("image") { Description = "The OSImage" }, OstlerResources.OSImages);
        var dryRun = DryRun();
        const string Description = $"Resolve an image now, without waiting for its next poll (annotation "
            + $"{OSImageAnnotations.RefreshRequestedAt})";
        return commands.WithCluster(new Command("refresh", Description) { image, dryRun }, (arguments, client, cancel) => EditAsync(
            commands, client, OstlerResources.OSImages, token => PolicyLookup.ImageAsync(client, arguments.GetRequiredValue(image), token),
            found => ImageEdits.Refresh(found, commands.Environment.Time.GetUtcNow()), arguments.GetValue(dryRun), cancel));
    }

    private static Command Rollback(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string>("policy") { Description = "The UpgradePolicy whose nodes roll back" }, OstlerResources.UpgradePolicies);
        var to = new Option<string?>("--to") { Description = "The image to roll back to, by its digest or the beginning of it. Default: the previous image, if it was the same on all nodes", HelpName = "DIGEST" };
        var dryRun = DryRun();
        const string Description = "Roll back to the previous image: pin the OSImage to it (spec.ostree.commit or spec.container.image)";
        return commands.WithCluster(new Command("rollback", Description) { policy, to, dryRun }, (arguments, client, cancel) =>
        {
            RollbackFacts? facts = null;
            return EditAsync(
                commands, client, OstlerResources.OSImages, async token => (facts = await RollbackLookup.ReadAsync(client, arguments.GetRequiredValue(policy), token)).Image,
                _ => RollbackEdit.Decide(facts!, arguments.GetValue(to)), arguments.GetValue(dryRun), cancel);
        });
    }

    private static Command OfImage(CommandRunner commands, string verb, string description, Func<OSImage, string, FieldEdit> edit)
    {
        var image = commands.CompleteNames(new Argument<string>("image") { Description = "The OSImage" }, OstlerResources.OSImages);
        var digest = new Argument<string>("digest") { Description = "The digest: 64 hexadecimal digits, or the beginning of one that the image has had" };
        var dryRun = DryRun();
        return commands.WithCluster(new Command(verb, description) { image, digest, dryRun }, (arguments, client, cancel) => EditAsync(
            commands, client, OstlerResources.OSImages, token => PolicyLookup.ImageAsync(client, arguments.GetRequiredValue(image), token),
            i => edit(i, arguments.GetRequiredValue(digest)), arguments.GetValue(dryRun), cancel));
    }

    private static Option<bool> DryRun() => new("--dry-run") { Description = "Print the edit as a kubectl command and as YAML; change nothing" };

    /// <summary>Reads, decides and writes what was read; when somebody else wrote in between, again.</summary>
    private static async Task<int> EditAsync<T>(
        CommandRunner commands, ApiClient client, ResourceType<T> type, Func<CancellationToken, Task<T>> read, Func<T, FieldEdit> decide, bool dryRun, CancellationToken cancellationToken) where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            var current = await read(cancellationToken);
            var edit = decide(current);
            if (dryRun)
            {
                commands.Printer.Print(edit.Lines());
                return ExitCode.Ok;
            }

            try
            {
                if (!edit.IsNothing)
                {
                    var meta = type.MetaOf(current);
                    await client.PatchAsync(type, meta.Key, Patch.Merge(edit.Change.DeepClone()).OnlyIf(meta.Uid, meta.ResourceVersion), cancellationToken);
                }

                commands.Printer.Print(edit.Done());
                return ExitCode.Ok;
            }
            catch (ApiException e) when (e.IsConflict && attempt < Attempts)
            {
                // Read again, decide again.
            }
        }
    }
}
