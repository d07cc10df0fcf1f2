using k8s.Models;

namespace Ostler.Testing.Kubelet;

/// <summary>The status that a kubelet would report for a pod.</summary>
internal sealed class PodStatusBuilder(V1Pod pod, PodRun run, string hostAddress, DateTimeOffset now)
{
    private readonly DateTime _now = KubeletClock.Seconds(now);

    /// <summary>Containers are being made: Pending, or for a pod that ran before its machine went down, Running but not ready.</summary>
    public V1PodStatus Starting() => Build(
        run.WasInterrupted ? "Running" : "Pending",
        container => Container(container, ready: false, new() { Waiting = new() { Reason = "ContainerCreating" } }),
        isReady: false);

    public V1PodStatus Running(bool ready)
    {
        var startedAt = pod.Status?.ContainerStatuses?.Select(c => c.State?.Running?.StartedAt).FirstOrDefault(t => t is not null);
        return Build(
            "Running",
            container => Container(container, ready, new() { Running = new() { StartedAt = run.WasInterrupted ? _now : startedAt ?? _now } }),
            ready && GatesAreOpen());
    }

    public V1PodStatus Terminated(int exitCode, string reason) => Build(
        exitCode == 0 ? "Succeeded" : "Failed",
        container => Container(container, ready: false, new() { Terminated = new() { ExitCode = exitCode, Reason = reason, FinishedAt = _now } }),
        isReady: false);

    /// <summary>Whether what a kubelet decides is already there; times and what others report do not count.</summary>
    public static bool IsSame(V1PodStatus? actual, V1PodStatus desired) => actual is not null && Facts(actual) == Facts(desired);

    private static string Facts(V1PodStatus status)
    {
        var conditions = (status.Conditions ?? []).Where(c => c.Type is "Ready" or "ContainersReady" or "Initialized").Select(c => $"{c.Type}={c.Status}");
        var containers = (status.ContainerStatuses ?? []).Select(c => $"{c.Name}:{State(c.State)}:{c.Ready}:{c.RestartCount}");
        return string.Join(' ', [status.Phase, status.PodIP, .. conditions.Order(StringComparer.Ordinal), .. containers]);

        static string State(V1ContainerState? state) => state switch
        {
            { Running: not null } => "running",
            { Terminated: not null } => "terminated",
            _ => "waiting",
        };
    }

    private V1PodStatus Build(string phase, Func<V1Container, V1ContainerStatus> container, bool isReady)
    {
        var isInitialized = phase != "Pending" || pod.Spec.InitContainers is not { Count: > 0 };
        var containers = pod.Spec.Containers.Select(container).ToList();
        var address = phase == "Pending" ? null : pod.Spec.HostNetwork is true ? hostAddress : run.Address;
        return new V1PodStatus
        {
            Phase = phase,
            HostIP = hostAddress,
            PodIP = address,
            PodIPs = address is null ? null : [new() { Ip = address }],
            StartTime = pod.Status?.StartTime ?? _now,
            QosClass = pod.Status?.QosClass,
            Conditions = Conditions(isInitialized, containers.All(c => c.Ready), isReady, phase),
            InitContainerStatuses = pod.Spec.InitContainers?.Select(c => InitContainer(c, isInitialized)).ToList(),
            ContainerStatuses = containers,
        };
    }

    /// <summary>
    /// The kubelet's own three, and whatever others have set, such as readiness gates: a merge patch replaces the whole list.
    /// </summary>
    private List<V1PodCondition> Conditions(bool isInitialized, bool containersReady, bool isReady, string phase)
    {
        var reason = phase == "Succeeded" ? "PodCompleted" : "ContainersNotReady";
        var conditions = (pod.Status?.Conditions ?? []).ToList();
        Set("Initialized", isInitialized, "ContainersNotInitialized");
        Set("Ready", isReady, containersReady ? "ReadinessGatesNotReady" : reason);
        Set("ContainersReady", containersReady, reason);
        return conditions;

        void Set(string type, bool isTrue, string reasonIfFalse)
        {
            var index = conditions.FindIndex(c => c.Type == type);
            var status = isTrue ? "True" : "False";
            var condition = new V1PodCondition
            {
                Type = type,
                Status = status,
                Reason = isTrue ? null : reasonIfFalse,
                LastTransitionTime = index >= 0 && conditions[index].Status == status ? conditions[index].LastTransitionTime : _now,
            };
            if (index >= 0)
            {
                conditions[index] = condition;
            }
            else
            {
                conditions.Add(condition);
            }
        }
    }

    private bool GatesAreOpen() => (pod.Spec.ReadinessGates ?? []).All(
        gate => pod.Status?.Conditions?.Any(c => c.Type == gate.ConditionType && c.Status == "True") is true);

    private V1ContainerStatus Container(V1Container container, bool ready, V1ContainerState state) => new()
    {
        Name = container.Name,
        Image = container.Image,
        ImageID = "",
        ContainerID = state.Waiting is null ? $"cri-o://{pod.Metadata.Uid}-{container.Name}-{run.Restarts}" : null,
        Ready = ready,
        Started = state.Running is not null,
        RestartCount = run.Restarts,
        State = state,
        LastState = run.WasInterrupted ? new() { Terminated = new() { ExitCode = 137, Reason = "ContainerStatusUnknown" } } : null,
    };

    private V1ContainerStatus InitContainer(V1Container container, bool isDone) => new()
    {
        Name = container.Name,
        Image = container.Image,
        ImageID = "",
        Ready = isDone,
        RestartCount = 0,
        State = isDone
            ? new() { Terminated = new() { ExitCode = 0, Reason = "Completed", FinishedAt = _now } }
            : new() { Waiting = new() { Reason = "PodInitializing" } },
    };
}
