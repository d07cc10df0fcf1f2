using Ostler.Agent.Tests.Support;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Simulation.Hosts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Decisions;

/// <summary>
/// Every action is carried out: by the agent on a host with OSTree's tools (a version that can reorder deployments), and by the simulated
/// host of the forecasts. Both end with the same deployments, step and reboots.
/// </summary>
public sealed class AgentActionTests
{
    /// <summary>For each action the order and the deployments that lead to it, and what is so afterwards.</summary>
    private static readonly Dictionary<Type, (NodeOSSpec Spec, string Before, (string, NodeStep, int Reboots) After)> Cases = new()
    {
        [typeof(AgentAction.Report)] = (Observe(), "1*", ("1*", NodeStep.Idle, 0)),
        [typeof(AgentAction.Stage)] = (Stage(2), "1*", ("2l 1*", NodeStep.Staged, 0)),
        [typeof(AgentAction.Lock)] = (Stage(2), "2s 1*", ("2l 1*", NodeStep.Staged, 0)),
        [typeof(AgentAction.Boot)] = (Boot(2, 1), "2l 1*", ("2s 1*", NodeStep.Rebooting, 1)),
        [typeof(AgentAction.Verify)] = (Boot(2, 1, bootID: "boot-0"), "2* 1", ("2* 1", NodeStep.Verifying, 0)),
        [typeof(AgentAction.RollBack)] = (Rollback(1, 2, bootID: "boot-0"), "2* 1", ("1 2*", NodeStep.RollingBack, 1)),
        [typeof(AgentAction.KeepPrevious)] = (Rollback(1, 2), "2 1*", ("1* 2", NodeStep.RolledBack, 0)),
    };

    public static TheoryData<string> Actions => [.. Subtypes.Select(t => t.Name)];

    private static IEnumerable<Type> Subtypes => typeof(AgentAction).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(AgentAction)));

    [Fact]
    public void Every_action_has_a_case() => Assert.Equal(Subtypes.ToHashSet(), [.. Cases.Keys]);

    [Theory, MemberData(nameof(Actions))]
    public void Every_case_leads_to_its_action(string action)
    {
        var (type, (spec, before, _)) = Cases.Single(c => c.Key.Name == action);

        Assert.IsType(type, AgentDecision.Decide(Uid, spec, HostWith(before)));
    }

    [Theory, MemberData(nameof(Actions))]
    public async Task The_agent_carries_out_every_action(string action)
    {
        var (spec, before, after) = Cases.Single(c => c.Key.Name == action).Value;
        await using var run = new AgentRun(before, "2026.4");
        run.Api.Ask(spec);
        run.Start();
        await run.Clock.WaitedForAsync(after.Reboots == 0 ? AgentRun.AtRest : AgentDecision.RebootGrace);

        Assert.Equal(after, (run.Ostree.List, run.Api.Written[^1].Step, run.Ostree.Ran.Count(c => c == "systemctl reboot")));
    }

    [Theory, MemberData(nameof(Actions))]
    public void The_simulated_host_carries_out_every_action(string action)
    {
        var (type, (spec, before, after)) = Cases.Single(c => c.Key.Name == action);
        var host = new SimulatedHost("n1", FirstBoot, Deployments(before));
        var os = new NodeOS { Metadata = new() { Name = "n1", Uid = Uid, Generation = 1 }, Spec = spec };
        var actions = new List<Type>();
        var reboots = 0;
        TimeSpan? again = TimeSpan.Zero;
        while (again == TimeSpan.Zero)
        {
            var pass = host.Pass(os, () => Noon);
            foreach (var step in pass.Steps())
            {
                os = step is HostStep.Reports reports ? os with { Status = reports.Status } : os;
                pass.OS = os;
                reboots += step is HostStep.GoesDown ? 1 : 0;
                again = step is HostStep.Ends ends ? ends.Again : null;
            }

            actions.Add(pass.Action!.GetType());
        }

        Assert.Equal(type, actions[0]);
        Assert.Equal(after, (List(host), os.Status!.Step, reboots));
    }

    private static string List(SimulatedHost host) => string.Join(' ', host.Deployments.All.Select(d =>
        $"{d.Digest[0] - 'a' + 1}{(d.Booted ? "*" : d.Locked ? "l" : d.Staged ? "s" : "")}"));
}
