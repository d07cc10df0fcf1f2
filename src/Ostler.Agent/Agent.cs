using Ostler.Agent.Backends;
using Ostler.Agent.Checks;
using Ostler.Agent.Cluster;
using Ostler.Agent.Drift;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Loop;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Kubernetes.Connections;

namespace Ostler.Agent;

/// <summary>Joins the parts of the agent.</summary>
internal static class Agent
{
    /// <param name="api">The node's NodeOS.</param>
    /// <param name="runner">Runs programs on the host.</param>
    /// <param name="files">The host's files.</param>
    /// <param name="log">Where events go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">From 0 to below 1.</param>
    /// <param name="outbound">Which addresses http checks may ask; null: the default.</param>
    /// <param name="program">The program that the host's watchdog runs. Default: this one.</param>
    public static AgentLoop Create(
        INodeOSApi api, ICommandRunner runner, HostFiles files, AgentLog log, TimeProvider time, Func<double> random, Func<byte[]>? program = null,
        OutboundRules? outbound = null)
    {
        var cell = new LatestNodeOS();
        var pendings = new PendingBootStore(files);
        var applies = new ApplyRecordStore(files);
        var reporter = new StatusReporter(api, cell, AgentVersion.Text, time);
        var knownGood = new KnownGood(files, log);
        var watchdog = new HostWatchdog(new WatchdogStore(files), new WatchdogInstaller(runner, files, program ?? OwnProgram.Read), log, time);
        var reboot = new RebootSequence(api, cell, runner, files, new SoftReboot(runner, files, applies, watchdog, log), pendings, knownGood, watchdog, reporter, log, time);
        var actions = new ActionRunner(reporter, reboot, watchdog, new HostVerification(new HostChecks(runner, time, outbound), runner, files), log, time);
        var reconciler = new NodeReconciler(
            new BackendDetection(runner, files, new StagingUnit(runner, files, time)),
            new HostObserver(runner, files, pendings, applies, watchdog, new DriftObserver(runner, log, time, random), time),
            runner,
            files,
            pendings,
            knownGood,
            watchdog,
            actions,
            reporter,
            log,
            random);
        return new AgentLoop(new NodeOSWatcher(api, cell, log, time, random), cell, reconciler, log, time, random);
    }
}
