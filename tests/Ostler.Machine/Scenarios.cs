using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Machine.Cluster;
using Ostler.Machine.Power;
using Ostler.Testing.ControlPlane;

namespace Ostler.Machine;

/// <summary>
/// What <c>make e2e-vm</c> plays, in this order. Each asks for a release by kubectl apply and then looks, in the cluster and in the machine
/// itself.
/// </summary>
internal static class Scenarios
{
    public static IReadOnlyDictionary<string, (string Title, Func<MachineRun, CancellationToken, Task> Play)> All { get; } =
        new SortedDictionary<string, (string, Func<MachineRun, CancellationToken, Task>)>(StringComparer.Ordinal)
        {
            ["a"] = ("(a) 2.0, an upgrade", UpgradeAsync),
            ["b"] = ("(b) 3.0, whose service does not start: the controller takes it back", UnhealthyAsync),
            ["c"] = ("(c) 4.0, with neither network nor kubelet nor containers: the host takes itself back", DeadAsync),
            ["d"] = ("(d) 5.0, which cannot be merged with this host's /etc: it is never booted", UnmergeableAsync),
            ["e"] = ("(e) 6.0, and the power is cut while it is staged, and when it has just been applied", PowerCutsAsync),
        };

    public static async Task PlayAsync(MachineRun run, IReadOnlyList<string> only, CancellationToken cancellationToken)
    {
        run.Begin("the machine joins");
        run.Machine.SwitchOn(cancellationToken);
        await run.AddRemoteAsync(cancellationToken);
        await run.ExpectAsync("the node is Ready, its kernel's and its OS's names come from the machine", view => view.Ready && view.Node!.Status.NodeInfo.OsImage == "Edge OS 1.0", cancellationToken);
        await run.ApplyAsync("a Deployment of one pod", cancellationToken, [.. Ostler.Testing.ControlPlane.YamlDocuments.Read(Scene.Workload)]);
        await run.ExpectAsync("the pod is Ready", HasReadyPod, cancellationToken);

        // Another release than 1.0 is always reached by way of 2.0.
        foreach (var name in All.Keys.Where(name => name == "a" || only.Contains(name)))
        {
            run.Begin(All[name].Title);
            await All[name].Play(run, cancellationToken);
        }
    }

    private static async Task UpgradeAsync(MachineRun run, CancellationToken cancellationToken)
    {
        var machine = run.Machine;
        var boot = await machine.AskAsync("cat /proc/sys/kernel/random/boot_id", cancellationToken);
        await machine.AskAsync("echo 'mine = yes' >> /etc/edge/app.conf && echo here > /etc/edge/local.conf && mkdir /var/lib/edge && echo precious > /var/lib/edge/data", cancellationToken);
        var pod = run.View.Pods.Single().Metadata.Uid;
        await run.ApplyAsync("config/samples: the policy, and the image at 2.0", cancellationToken, run.ImageOf("2.0"), run.Policy());
        var staged = await run.ExpectAsync("2.0 is staged", view => view.OS?.Status is { Step: NodeStep.Staged }, cancellationToken);
        run.Check(!staged.Cordoned && HasReadyPod(staged) && staged.Pods.Single().Metadata.Uid == pod, "staged while the node serves: not cordoned, its pod Ready");
        var units = await machine.RunAsync("systemd-analyze verify /etc/systemd/system/ostler-watchdog.timer /etc/systemd/system/ostler-watchdog.service", cancellationToken);
        run.Check(units is { ExitCode: 0, Output: "" }, "systemd-analyze finds nothing wrong with the watchdog's units" + (units.Output.Length > 0 ? ": " + units.Output : ""));
        await run.ExpectAsync("drained: no pod is left on the node", view => view.Cordoned && view.Pods.All(p => p.Spec.NodeName is null), cancellationToken);
        var done = await run.ExpectAsync("2.0 runs, verified, and the node serves", view => view.IsAt("2.0"), cancellationToken);
        await run.ExpectAsync("the pod is back", HasReadyPod, cancellationToken);
        run.Check(run.View.Pods.Single().Metadata.Uid != pod, "it is another pod than the one that was evicted");
        var now = await machine.AskAsync("cat /proc/sys/kernel/random/boot_id", cancellationToken);
        run.Check(now != boot && done.OS!.Status!.BootID == now && done.Node!.Status.NodeInfo.BootID == now, "the kernel's boot ID is a new one, and the one that NodeOS and Node have");
        await RunsAsync(run, "2.0", cancellationToken);
        await OwnFilesAsync(run, cancellationToken);
        run.Check(
            await machine.AskAsync("journalctl --boot=-1 --unit=ostree-finalize-staged.service --output=cat --no-pager", cancellationToken) is var journal
                && journal.Contains("Finalizing staged deployment", StringComparison.Ordinal) && journal.Contains("Bootloader updated", StringComparison.Ordinal),
            "the journal of the former boot says that the tree was applied while it shut down");
        await WatchdogIsGoneAsync(run, cancellationToken);
        var watchdog = await machine.AskAsync("journalctl --unit=ostler-watchdog.service --output=cat --no-pager", cancellationToken);
        run.Check(!watchdog.Contains(Reasons.WatchdogExpired, StringComparison.Ordinal), "the watchdog did not fire");
    }

    private static async Task UnhealthyAsync(MachineRun run, CancellationToken cancellationToken)
    {
        await run.ApplyAsync("the image at 3.0", cancellationToken, run.ImageOf("3.0"));
        await run.ExpectAsync("3.0 runs, and its checks are under way", view => view.Booted == "3.0" && view.OS!.Status!.Step == NodeStep.Verifying, cancellationToken);
        var done = await run.ExpectAsync("back on 2.0, in service; halted; 3.0 in quarantine", view => view.IsBackAt("2.0", "3.0"), cancellationToken);
        run.Check(done.OS!.Spec.Failure!.Message?.Contains("edge-app.service", StringComparison.Ordinal) == true, $"the failure names the service: {done.OS.Spec.Failure.Reason}: {done.OS.Spec.Failure.Message}");
        await RunsAsync(run, "2.0", cancellationToken);
        await OwnFilesAsync(run, cancellationToken);
        var journal = await run.Machine.AskAsync("journalctl --boot=-1 --no-pager --output=cat", cancellationToken);
        run.Check(journal.Contains("this release cannot open its database", StringComparison.Ordinal), "the journal of the former boot has the service's own words");
        run.Check(journal.Contains("RollingBack", StringComparison.Ordinal) && !journal.Contains(Reasons.WatchdogExpired, StringComparison.Ordinal), "it was the agent that went back, by order, and not the watchdog");
        await WatchdogIsGoneAsync(run, cancellationToken);
    }

    private static async Task DeadAsync(MachineRun run, CancellationToken cancellationToken)
    {
        await run.ApplyAsync("the image at 4.0", cancellationToken, run.ImageOf("4.0"));
        await run.ExpectAsync("the node is told to boot 4.0", view => view.OS is { Spec: { Goal: Goal.Boot, Image.Version: "4.0" } }, cancellationToken);
        await run.ExpectAsync("the node is not Ready: nothing in it reports", view => !view.Ready, cancellationToken);
        var done = await run.ExpectAsync("back on 2.0, in service; halted; 4.0 in quarantine", view => view.IsBackAt("2.0", "4.0"), cancellationToken);
        run.Check(done.OS!.Spec.Failure!.Reason == Reasons.WatchdogExpired, $"the controller learns why: {done.OS.Spec.Failure.Reason}: {done.OS.Spec.Failure.Message}");
        await RunsAsync(run, "2.0", cancellationToken);
        await OwnFilesAsync(run, cancellationToken);
        var journal = await run.Machine.AskAsync("journalctl --boot=-1 --no-pager --output=cat", cancellationToken);
        run.Check(
            journal.Contains("kubelet: error while loading shared libraries", StringComparison.Ordinal) && journal.Contains("crun: error while loading shared libraries", StringComparison.Ordinal),
            "the journal of the former boot says that neither kubelet nor container came up");
        run.Check(journal.Contains(Reasons.WatchdogExpired, StringComparison.Ordinal), "and that the watchdog went back");
        await WatchdogIsGoneAsync(run, cancellationToken);
    }

    private static async Task UnmergeableAsync(MachineRun run, CancellationToken cancellationToken)
    {
        await run.ApplyAsync("the image at 5.0", cancellationToken, run.ImageOf("5.0"));
        await run.ExpectAsync("the node is told to boot 5.0", view => view.OS is { Spec: { Goal: Goal.Boot, Image.Version: "5.0" } }, cancellationToken);
        var done = await run.ExpectAsync("on 2.0 still, in service; halted; 5.0 in quarantine", view => view.IsBackAt("2.0", "5.0"), cancellationToken);
        run.Check(done.OS!.Spec.Failure!.Reason == Reasons.FinalizationFailed, $"the node reports why: {done.OS.Spec.Failure.Reason}: {done.OS.Spec.Failure.Message}");
        run.Check(done.OS.Spec.Failure.Message?.Contains("edge/app.conf", StringComparison.Ordinal) == true || done.OS.Spec.Failure.Message?.Contains("app.conf", StringComparison.Ordinal) == true, "and names the file");
        await RunsAsync(run, "2.0", cancellationToken);
        await OwnFilesAsync(run, cancellationToken);
        var journal = await run.Machine.AskAsync("journalctl --boot=-1 --unit=ostree-finalize-staged.service --output=cat --no-pager", cancellationToken);
        run.Check(journal.Contains("During /etc merge", StringComparison.Ordinal), "the journal of the former boot has ostree's own words");
        await WatchdogIsGoneAsync(run, cancellationToken);
    }

    private static async Task PowerCutsAsync(MachineRun run, CancellationToken cancellationToken)
    {
        var machine = run.Machine;
        var (fault, reached) = await run.StallDownloadAsync("v6", cancellationToken);
        using (fault)
        {
            await run.ApplyAsync("the image at 6.0", cancellationToken, run.ImageOf("6.0"));
            await run.WaitAsync("the machine waits for the rest of the download of 6.0", reached, cancellationToken);
            await run.ExpectAsync("6.0 is being downloaded", view => view.OS?.Status is { Step: NodeStep.Staging }, cancellationToken);
            await machine.CutPowerAsync();
        }

        var applied = machine.SaysAsync("Stopped ", "OSTree Finalize Staged Deployment");
        machine.SwitchOn(cancellationToken);
        await run.ExpectAsync("2.0 runs after the power cut, and 6.0 is staged after all", view => view.Booted == "2.0" && view.OS?.Status is { Step: NodeStep.Staged }, cancellationToken);
        await run.ExpectAsync("the node is told to boot 6.0", view => view.OS is { Spec: { Goal: Goal.Boot, Image.Version: "6.0" } }, cancellationToken);
        await run.WaitAsync("ostree applies 6.0 while the machine shuts down", applied, cancellationToken);
        run.Say("6.0 has been applied; the file systems are still mounted");
        await machine.CutPowerAsync();
        machine.SwitchOn(cancellationToken);
        await run.ExpectAsync("the rollout went on: 6.0 runs, verified, and the node serves", view => view.IsAt("6.0"), cancellationToken);
        await RunsAsync(run, "6.0", cancellationToken);
        await OwnFilesAsync(run, cancellationToken);
        await WatchdogIsGoneAsync(run, cancellationToken);
    }

    private static bool HasReadyPod(ClusterView view) => view.Pods is [{ } pod] && pod.Spec.NodeName == Scene.Node && pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>The machine's own word, and ostree's, on what runs.</summary>
    private static async Task RunsAsync(MachineRun run, string version, CancellationToken cancellationToken)
    {
        var release = await run.Machine.AskAsync(". /etc/os-release; echo \"$PRETTY_NAME\"", cancellationToken);
        var status = await run.Machine.AskAsync("ostree admin status", cancellationToken);
        var booted = status.Split('\n').First(line => line.StartsWith('*'));
        run.Check(
            release == $"Edge OS {version}" && run.View.OS?.Status?.Booted?.Digest is { } digest && booted.Contains(digest, StringComparison.Ordinal),
            $"in the machine /etc/os-release says {release}, and ostree admin status: {booted.Trim()}, as NodeOS does");
        run.Check(run.View.Node?.Status.NodeInfo.OsImage == release, "and so does the Node");
    }

    private static async Task OwnFilesAsync(MachineRun run, CancellationToken cancellationToken)
    {
        var files = await run.Machine.AskAsync("tail -n 1 /etc/edge/app.conf; cat /etc/edge/local.conf /var/lib/edge/data", cancellationToken);
        run.Check(files == "mine = yes\nhere\nprecious", "the file edited in /etc, the one added there and the one in /var are as they were");
    }

    /// <summary>The agent takes it off when it hears that no tree is on trial any more.</summary>
    private static async Task WatchdogIsGoneAsync(MachineRun run, CancellationToken cancellationToken)
    {
        var left = await run.Machine.RunAsync(
            "for try in {1..40}; do left=$(ls -d /etc/systemd/system/ostler-watchdog* /etc/systemd/system/*/ostler-watchdog* /var/lib/ostler/bin/* /var/lib/ostler/watchdog* 2>/dev/null); [ -z \"$left\" ] && exit; sleep 1; done; echo $left; exit 1", cancellationToken);
        run.Check(left.ExitCode == 0, "nothing of the watchdog is left on the machine" + (left.Output.Length > 0 ? ": " + left.Output.Trim() : ""));
    }
}
