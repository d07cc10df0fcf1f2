using Ostler.Testing.Kubelet;
using k8s.Models;

namespace Ostler.Testing.Tests.Kubelet;

public sealed class PodLifecycleTests
{
    private const string HostAddress = "172.16.0.1";
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_new_pod_is_pending_for_its_start_delay_and_ready_after_it()
    {
        var pod = Pod();
        var behavior = new PodBehavior { StartDelay = TimeSpan.FromSeconds(3) };

        var first = Decide(pod, null, behavior, Start);
        Apply(pod, first);
        var later = Decide(pod, first.Run, behavior, Start.AddSeconds(3));
        Apply(pod, later);
        var last = Decide(pod, later.Run, behavior, Start.AddSeconds(4));

        Assert.Equal("Pending", first.Status!.Phase);
        Assert.Null(first.Status.PodIP);
        Assert.Equal(TimeSpan.FromSeconds(3), first.LookAgain);
        Assert.Equal("Running", later.Status!.Phase);
        Assert.Equal("True", Condition(pod, "Ready"));
        Assert.Equal("10.128.0.2", pod.Status.PodIP);
        Assert.Equal(Start.UtcDateTime, pod.Status.StartTime);
        Assert.Null(last.Status);
        Assert.Null(last.LookAgain);
    }

    [Fact]
    public void Without_a_start_delay_one_write_makes_a_pod_ready()
    {
        var pod = Pod();

        Apply(pod, Decide(pod, null, new(), Start));

        Assert.Equal("True", Condition(pod, "Ready"));
        Assert.All(pod.Status.ContainerStatuses, c => Assert.True(c.Ready));
    }

    [Fact]
    public void A_pod_with_a_readiness_gate_is_ready_when_somebody_opens_it()
    {
        var pod = Pod();
        pod.Spec.ReadinessGates = [new() { ConditionType = "example.test/attached" }];
        var closed = Decide(pod, null, new(), Start);
        Apply(pod, closed);
        Assert.Equal("False", Condition(pod, "Ready"));
        Assert.Equal("True", Condition(pod, "ContainersReady"));

        pod.Status.Conditions.Add(new() { Type = "example.test/attached", Status = "True" });
        Apply(pod, Decide(pod, closed.Run, new(), Start.AddSeconds(1)));

        Assert.Equal("True", Condition(pod, "Ready"));
        Assert.Equal("True", Condition(pod, "example.test/attached"));
    }

    [Fact]
    public void A_failing_readiness_probe_leaves_a_pod_running_and_not_ready()
    {
        var pod = Pod();

        Apply(pod, Decide(pod, null, new() { BecomesReady = false }, Start));

        Assert.Equal("Running", pod.Status.Phase);
        Assert.Equal("False", Condition(pod, "Ready"));
    }

    [Fact]
    public void What_the_node_controller_wrote_while_the_node_was_away_is_put_right()
    {
        var pod = Pod();
        var running = Decide(pod, null, new(), Start);
        Apply(pod, running);
        pod.Status.Conditions.Single(c => c.Type == "Ready").Status = "False";

        var decision = Decide(pod, running.Run, new(), Start.AddSeconds(1));

        Assert.Equal("True", decision.Status!.Conditions.Single(c => c.Type == "Ready").Status);
    }

    public static TheoryData<int, int, int, int> Terminations => new()
    {
        // grace, duration, ends after, exit code
        { 30, 0, 0, 0 },
        { 30, 5, 5, 0 },
        { 30, 30, 30, 0 },
        { 3, 60, 3, 137 },
    };

    [Theory]
    [MemberData(nameof(Terminations))]
    public void A_deleted_pod_ends_when_its_containers_do_or_its_grace_is_over(int grace, int duration, int endsAfter, int exitCode)
    {
        var pod = Pod();
        var behavior = new PodBehavior { TerminationDuration = TimeSpan.FromSeconds(duration) };
        var run = Run(pod, behavior);
        Delete(pod, grace);

        var atOnce = Decide(pod, run, behavior, Start);
        var atEnd = Decide(pod, atOnce.Run, behavior, Start.AddSeconds(endsAfter));

        if (endsAfter > 0)
        {
            Assert.False(atOnce.Delete);
            Assert.Null(atOnce.Status);
            Assert.Equal(TimeSpan.FromSeconds(endsAfter), atOnce.LookAgain);
        }

        Assert.True(atEnd.Delete);
        Assert.Equal(exitCode, atEnd.Status!.ContainerStatuses.Single().State.Terminated.ExitCode);
    }

    [Fact]
    public void A_second_deletion_shortens_the_grace()
    {
        var pod = Pod();
        var behavior = new PodBehavior { TerminationDuration = TimeSpan.FromMinutes(5) };
        var run = Run(pod, behavior);
        Delete(pod, 600);
        var first = Decide(pod, run, behavior, Start);
        Delete(pod, 2);

        var second = Decide(pod, first.Run, behavior, Start.AddSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(1), second.LookAgain);
    }

    [Fact]
    public void A_pod_that_only_a_finalizer_keeps_is_left_alone()
    {
        var pod = Pod();
        var run = Run(pod, new());
        Delete(pod, 30);
        Apply(pod, Decide(pod, run, new(), Start));
        Delete(pod, 0);

        var decision = Decide(pod, run, new(), Start.AddSeconds(1));

        Assert.Null(decision.Status);
        Assert.False(decision.Delete);
        Assert.Null(decision.LookAgain);
    }

    [Fact]
    public void A_pod_that_never_ran_is_deleted_at_once()
    {
        var pod = Pod();
        Delete(pod, 30);

        Assert.True(Decide(pod, null, new() { TerminationDuration = TimeSpan.FromSeconds(20) }, Start).Delete);
    }

    [Theory]
    [InlineData(0, "Succeeded")]
    [InlineData(1, "Failed")]
    public void Containers_that_end_by_themselves_end_their_pod(int exitCode, string phase)
    {
        var pod = Pod("Never");
        var behavior = new PodBehavior { RunDuration = TimeSpan.FromSeconds(10), ExitCode = exitCode };
        var running = Decide(pod, null, behavior, Start);
        Apply(pod, running);

        var over = Decide(pod, running.Run, behavior, Start.AddSeconds(10));
        Apply(pod, over);
        var after = Decide(pod, over.Run, behavior, Start.AddSeconds(11));

        Assert.Equal(TimeSpan.FromSeconds(10), running.LookAgain);
        Assert.Equal(phase, over.Status!.Phase);
        Assert.Null(after.Status);
    }

    [Fact]
    public void A_pod_that_is_always_restarted_never_ends_by_itself()
    {
        var pod = Pod("Always");
        var behavior = new PodBehavior { RunDuration = TimeSpan.FromSeconds(10) };
        var running = Decide(pod, null, behavior, Start);
        Apply(pod, running);

        Assert.Null(Decide(pod, running.Run, behavior, Start.AddSeconds(20)).Status);
    }

    [Fact]
    public void After_a_boot_the_containers_are_started_anew_and_counted()
    {
        var pod = Pod();
        var behavior = new PodBehavior { StartDelay = TimeSpan.FromSeconds(2) };
        var run = Run(pod, behavior);

        var starting = Decide(pod, run, behavior, Start.AddMinutes(1), boot: 2);
        Apply(pod, starting);
        var running = Decide(pod, starting.Run, behavior, Start.AddMinutes(1).AddSeconds(2), boot: 2);
        Apply(pod, running);

        Assert.Equal("False", starting.Status!.Conditions.Single(c => c.Type == "Ready").Status);
        Assert.Equal("Running", starting.Status.Phase);
        Assert.Equal("True", Condition(pod, "Ready"));
        Assert.Equal(1, pod.Status.ContainerStatuses.Single().RestartCount);
        Assert.Equal("ContainerStatusUnknown", pod.Status.ContainerStatuses.Single().LastState.Terminated.Reason);
    }

    [Fact]
    public void A_pod_that_is_never_restarted_has_failed_after_a_boot()
    {
        var pod = Pod("Never");
        var run = Run(pod, new());

        Assert.Equal("Failed", Decide(pod, run, new(), Start.AddMinutes(1), boot: 2).Status!.Phase);
    }

    [Fact]
    public void A_pod_that_was_deleted_while_its_machine_was_off_goes_at_the_next_boot()
    {
        var pod = Pod();
        var behavior = new PodBehavior { TerminationDuration = TimeSpan.FromSeconds(20) };
        var run = Run(pod, behavior);
        Delete(pod, 30);

        Assert.True(Decide(pod, run, behavior, Start.AddMinutes(1), boot: 2).Delete);
    }

    private static PodDecision Decide(V1Pod pod, PodRun? run, PodBehavior behavior, DateTimeOffset now, int boot = 1) =>
        PodLifecycle.Decide(pod, run, behavior, boot, "10.128.0.2", HostAddress, now);

    private static PodRun Run(V1Pod pod, PodBehavior behavior)
    {
        var run = Decide(pod, null, behavior, Start.AddHours(-1)).Run;
        Apply(pod, Decide(pod, run, behavior, Start));
        Assert.Equal("Running", pod.Status.Phase);
        return run;
    }

    private static void Apply(V1Pod pod, PodDecision decision)
    {
        Assert.NotNull(decision.Status);
        pod.Status = decision.Status;
    }

    private static void Delete(V1Pod pod, int grace)
    {
        pod.Metadata.DeletionTimestamp = Start.UtcDateTime;
        pod.Metadata.DeletionGracePeriodSeconds = grace;
    }

    private static string Condition(V1Pod pod, string type) => pod.Status.Conditions.Single(c => c.Type == type).Status;

    private static V1Pod Pod(string restartPolicy = "Always") => new()
    {
        Metadata = new() { Name = "web", NamespaceProperty = "default", Uid = "u1" },
        Spec = new() { RestartPolicy = restartPolicy, Containers = [new() { Name = "web", Image = "web" }] },
    };
}
