using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>Hosts that go down and come up, and the kubelets on them.</summary>
internal sealed class SimulatedMachines(RolloutSimulation simulation)
{
    /// <summary>How long after the last heartbeat the Node is taken for not Ready.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    /// <summary>How often the host's watchdog looks.</summary>
    private static readonly TimeSpan WatchdogInterval = TimeSpan.FromSeconds(30);

    private SimulatedWorld World => simulation.World;

    /// <summary>The host reboots on an order: of its agent, or of its watchdog.</summary>
    public void Reboot(SimulatedNode node, Goal ordered, RebootKind method) =>
        Restart(node, ordered, $"host: {(method == RebootKind.SoftReboot ? "soft-reboots" : "reboots")} ({ordered})");

    /// <summary>The host loses power, and comes up again.</summary>
    public void PowerCycle(SimulatedNode node) => Restart(node, null, "host: loses power");

    /// <summary>Somebody reboots the host into a tree of their own.</summary>
    public void BootForeign(SimulatedNode node)
    {
        World.Record(node.Name, "someone: boots another image");
        GoDown(node, null);
        ComeUpLater(node, SimulatedBoot.Unexpected, null);
    }

    private void Restart(SimulatedNode node, Goal? ordered, string what)
    {
        World.Record(node.Name, what);
        var boot = GoDown(node, ordered);
        if (boot == SimulatedBoot.NeverReturns)
        {
            World.Record(node.Name, "host: does not come up again");
            return;
        }

        ComeUpLater(node, boot, ordered);
    }

    private SimulatedBoot GoDown(SimulatedNode node, Goal? ordered)
    {
        var host = node.Host;
        var boot = host.GoDown(ordered);
        node.KillAgent();
        var boots = host.Boots;
        World.Time.In(Grace, () =>
        {
            if (!node.Gone && (!host.IsUp || host.Boots == boots || node.KubeletSession != host.Boot.BootID))
            {
                NotReady(node);
            }
        });
        return boot;
    }

    private void ComeUpLater(SimulatedNode node, SimulatedBoot boot, Goal? ordered)
    {
        World.Time.In(World.Draw(World.Scenario.Latencies.Boot), () =>
        {
            if (!node.Gone)
            {
                ComeUp(node, boot, ordered);
            }
        });
    }

    private void ComeUp(SimulatedNode node, SimulatedBoot boot, Goal? ordered)
    {
        var host = node.Host;
        var drifted = host.Booted.Packages.Count > 0;
        host.ComeUp(boot, (World.Now + host.ClockSkew).TruncateToSeconds(), $"{node.Uid}-boot-{host.Boots + 1}");
        if (ordered is not null && boot is not (SimulatedBoot.PowerCut or SimulatedBoot.FallsBack))
        {
            Meddle(node, drifted);
        }

        var without = host.HasAgent ? host.HasKubelet ? "" : ", without a kubelet" : ", without kubelet and agent";
        World.Record(node.Name, $"host: is up with {MessageText.Of(host.Booted.Digest, host.Booted.Version)}{without}");
        Watch(node, World.Now, host.Boots, host.Watchdog?.Timeout);
        if (boot == SimulatedBoot.Flapping)
        {
            Flap(node, host.Boots, 6);
        }

        simulation.Agents.Wake(node);
        if (host.HasKubelet)
        {
            var boots = host.Boots;
            World.Time.In(World.Draw(World.Scenario.Latencies.Kubelet), () =>
            {
                if (!node.Gone && host.IsUp && host.Boots == boots)
                {
                    Ready(node);
                }
            });
        }
    }

    /// <summary>What people do to the host after an ordered boot.</summary>
    private void Meddle(SimulatedNode node, bool drifted)
    {
        var host = node.Host;
        if (drifted && host.Booted.Packages.Count == 0 && host.Faults.DriftsAgain-- > 0)
        {
            host.LayerPackage();
        }

        if (host.Faults.ForeignAgain > 0)
        {
            host.Faults.ForeignAgain--;
            World.Time.In(TimeSpan.FromMinutes(20), () =>
            {
                if (node is { Gone: false, Host.IsUp: true })
                {
                    BootForeign(node);
                }
            });
        }
    }

    /// <summary>
    /// The host's own watchdog looks, if it is armed, first when the tree's time is up: before that it would find nothing to do.
    /// </summary>
    private void Watch(SimulatedNode node, DateTimeOffset upSince, int boots, TimeSpan? delay)
    {
        if (delay is null)
        {
            return;
        }

        World.Time.LastIn(delay.Value, () =>
        {
            var host = node.Host;
            if (node.Gone || !host.IsUp || host.Boots != boots)
            {
                return;
            }

            switch (host.RunWatchdog(World.Now - upSince, World.Now))
            {
                case WatchdogStep.Nothing:
                    break;
                case WatchdogStep.Wait:
                    Watch(node, upSince, boots, WatchdogInterval);
                    break;
                case WatchdogStep.RollBack when host is { Watchdog.Error: null, Deployments.Next: { } next }:
                    World.Record(node.Name, $"host: watchdog rolls back to {MessageText.Of(next.Digest, next.Version)}");
                    Reboot(node, Goal.Rollback, RebootKind.Reboot);
                    break;
                case WatchdogStep.RollBack:
                    World.Record(node.Name, $"host: watchdog cannot roll back: {host.Watchdog!.Error}");
                    Watch(node, upSince, boots, WatchdogInterval);
                    break;
                case WatchdogStep.RebootByForce:
                    Reboot(node, Goal.Rollback, RebootKind.Reboot);
                    break;
                case var unknown:
                    throw new InvalidOperationException($"No such step of the watchdog: {unknown}");
            }
        });
    }

    private void Flap(SimulatedNode node, int boots, int times) => World.Time.In(
        World.Random.Between(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60)), () =>
        {
            if (node.Gone || node.Host.Boots != boots || !node.Host.IsUp || times == 0)
            {
                return;
            }

            node.Host.IsHealthy = !node.Host.IsHealthy;
            simulation.Agents.Wake(node);
            Flap(node, boots, times - 1);
        });

    public void Ready(SimulatedNode node)
    {
        node.Ready = true;
        if (node.KubeletSession != node.Host.Boot.BootID)
        {
            World.Volumes.Boot(node.Name, World.Pods.On(node.Name));
        }

        (node.KubeletBootID, node.KubeletSession) = (node.Host.Boot.KernelBootID, node.Host.Boot.BootID);
        node.Heartbeat = (World.Now + node.Host.ClockSkew).TruncateToSeconds();
        node.Touch();
        World.Record(node.Name, "kubelet: Ready");
        foreach (var pod in World.Pods.BoundTo(node.Name))
        {
            pod.Ready = true;
            pod.Ending = false;
            End(pod);
        }

        simulation.Changed(node);
    }

    public void NotReady(SimulatedNode node)
    {
        if (!node.Ready)
        {
            return;
        }

        node.Ready = false;
        node.Touch();
        World.Record(node.Name, "kubelet: not Ready");
        foreach (var pod in World.Pods.BoundTo(node.Name))
        {
            pod.Ready = false;
        }

        simulation.Changed(node);
    }

    /// <summary>The kubelet ends a pod that has a deletion timestamp, once it can.</summary>
    public void End(SimulatedPod pod)
    {
        if (pod.Ending || pod.Facts.DeletionTimestamp is null || pod.Facts.Finalizers is { Count: > 0 } || World.Find(pod.Node) is not { Ready: true } node)
        {
            return;
        }

        pod.Ending = true;
        World.Time.In(World.Draw(World.Scenario.Latencies.PodTermination), () =>
        {
            if (node.Gone || !node.Host.IsUp || !node.Ready)
            {
                pod.Ending = false;
                return;
            }

            World.Pods.Remove(pod.Facts.Uid);
            simulation.Changed(node);
            Detach(node, pod.Facts);
        });
    }

    private void Detach(SimulatedNode node, PodFacts pod)
    {
        if (SimulatedVolumes.HasVolume(pod))
        {
            World.Time.In(World.Draw(World.Scenario.Latencies.VolumeDetach), () =>
            {
                if (!node.Gone && World.Volumes.Detach(node.Name, pod))
                {
                    World.Record(node.Name, $"volumes: that of {pod.Name} is detached");
                    simulation.Controller.Enqueue();
                }
            });
        }
    }
}
