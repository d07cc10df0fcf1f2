using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Health;

/// <summary>
/// Makes one try of any check of the controller's, and one evaluation of any gate. What keeps it from being made is a finding too, and
/// never an exception.
/// </summary>
/// <param name="client">The API server, for Secrets, conditions, pods and nodes.</param>
/// <param name="pods">The pods of nodes that hold a slot.</param>
/// <param name="time">The clock.</param>
/// <param name="outbound">Which addresses checks may connect to; null: the default.</param>
internal sealed class CheckProbes(ApiClient client, IDrainingPods pods, TimeProvider time, OutboundRules? outbound = null)
{
    /// <summary>How often it is looked whether a node's pods are known.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ServerProbes _servers = new(client, outbound ?? OutboundRules.Default);
    private readonly ConditionProbe _conditions = new(client);
    private readonly NodeProbe _nodes = new(client);

    /// <summary>The nodes of the cluster, which gates look at. Default: none are known, so that such a gate finds nothing to
    /// judge.</summary>
    public Func<IReadOnlyList<Node>> Nodes { get; init; } = static () => [];

    /// <summary>The Alertmanager of the installation.</summary>
    public AlertmanagerSettings Alertmanager
    {
        get => _servers.Alertmanager;
        init => _servers.Alertmanager = value;
    }

    public async Task<CheckFinding> MakeAsync(CheckSubject subject, HealthCheck check, CancellationToken cancellationToken)
    {
        if (CheckKinds.RunnerOf(check) == CheckRunner.None)
        {
            return CheckFinding.Error(CheckKinds.WhyUnknown(check, "controller"));
        }

        try
        {
            var target = new ProbeTarget(subject.Node, subject.Address);
            return CheckKinds.KindOf(check) switch
            {
                CheckKind.Http => await _servers.HttpAsync(target, check.Http!, cancellationToken),
                CheckKind.Prometheus => await _servers.PrometheusAsync(target, check.Prometheus!, check.Timeout, cancellationToken),
                CheckKind.Condition => await _conditions.MakeAsync(check.Condition!, subject.Node, cancellationToken),
                CheckKind.Pods => await PodsAsync(subject, check.Name, cancellationToken),
                CheckKind.Alerts => await _servers.AlertsAsync(target, check.Alerts!, cancellationToken),
                CheckKind.NodeConditions => await _nodes.ConditionsAsync(subject, check.NodeConditions!, cancellationToken),
                CheckKind.Systemd or CheckKind.Exec or CheckKind.Workloads => CheckFinding.Error($"the controller does not run {CheckKinds.NameOf(check)} checks"),
                CheckKind.Unknown => CheckFinding.Error(CheckKinds.WhyUnknown(check, "controller")),
            };
        }
        catch (CheckException e)
        {
            return CheckFinding.Error(e.Message);
        }
    }

    /// <summary>One evaluation of a gate.</summary>
    public async Task<GateFinding> EvaluateAsync(GateSubject subject, CancellationToken cancellationToken)
    {
        var gate = subject.Gate;
        try
        {
            return CheckKinds.KindOf(gate) switch
            {
                CheckKind.Http => new(await _servers.HttpAsync(ProbeTarget.None, gate.Http!, cancellationToken)),
                CheckKind.Prometheus =>
                    new(await _servers.PrometheusAsync(ProbeTarget.None, gate.Prometheus!, gate.Timeout, cancellationToken)),
                CheckKind.Condition => new(await _conditions.MakeAsync(gate.Condition!, null, cancellationToken)),
                CheckKind.Pods => await _nodes.PodsAsync(gate.Pods!, Selected(subject), cancellationToken),
                CheckKind.Alerts => new(await _servers.AlertsAsync(ProbeTarget.None, gate.Alerts!, cancellationToken)),
                CheckKind.NodeConditions =>
                    NodeProbe.Conditions(
                        gate.NodeConditions!, gate.NodeConditions!.Scope == GateScope.Cluster ? Nodes() : Selected(subject)),
                CheckKind.Systemd or CheckKind.Exec or CheckKind.Workloads =>
                    new(CheckFinding.Error($"there are no gates of the kind {CheckKinds.NameOf(gate)}")),
                CheckKind.Unknown => new(CheckFinding.Error(CheckKinds.WhyUnknown(gate))),
            };
        }
        catch (CheckException e)
        {
            return new(CheckFinding.Error(e.Message));
        }
    }

    private Node[] Selected(GateSubject subject) => [.. Nodes().Where(n => subject.Nodes.Matches(n.Metadata.Labels))];

    private async Task<CheckFinding> PodsAsync(CheckSubject subject, string name, CancellationToken cancellationToken)
    {
        IReadOnlyList<PodFacts>? known;
        while ((known = pods.PodsOf(subject.Node)) is null)
        {
            // Just after a start. The caller's timeout ends it.
            await Task.Delay(Look, time, cancellationToken);
        }

        return PodRecovery.Judge(subject.ReadyBefore?.FirstOrDefault(b => b.Check == name), known);
    }
}
