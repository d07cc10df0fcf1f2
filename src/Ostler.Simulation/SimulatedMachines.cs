using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <summary>Hosts that go down and come up, and the kubelets on them.</summary>
internal sealed class SimulatedMachines(RolloutSimulation simulation)
{
    /// <summary>How long after the last heartbeat the Node is taken for not Ready.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    private static readonly string Foreign = new('f', 64);

    private SimulatedWorld World => simulation.World;

    /// <summary>Reboots into <paramref name="wanted"/>, if fate allows. Null goal: a power cycle.</summary>
    public void Reboot(SimulatedNode node, string? wanted, string? version, Goal? ordered)
    {
        var host = node.Host;
        var outcome = ordered == Goal.Boot ? Fate(node, wanted!) : SimulatedBoot.Works;
        // What is staged and locked is lost with the power.
        host.DropsChanges &= ordered == Goal.Boot;
        host.EntersSoftly &= ordered == Goal.Boot;
        World.Tell(node.Name, ordered is null ? "host: loses power" : $"host: {(host.EntersSoftly ? "soft-reboots" : "reboots")} ({ordered})");
        Down(node);
        if (outcome == SimulatedBoot.NeverReturns)
        {
            World.Tell(node.Name, "host: does not come up again");
            return;
        }

        World.Time.In(World.Draw(World.Scenario.Latencies.Boot), () =>
        {
            if (!node.Gone)
            {
                Up(node, outcome, wanted, version);
            }
        });
        host.FellBackBecause = outcome switch
        {
            _ when ordered is null => Reasons.FinalizationNeverRan,
            SimulatedBoot.PowerCut => Reasons.FinalizationNeverRan,
            SimulatedBoot.FallsBack => Reasons.BootFellBack,
            _ => null,
        };
    }

    private SimulatedBoot Fate(SimulatedNode node, string digest) => World.BadTrees.TryGetValue(digest, out var bad)
        ? bad
        : node.Host.NextBoots.TryDequeue(out var next) ? next : SimulatedBoot.Works;

    private void Down(SimulatedNode node)
    {
        node.Host.IsUp = false;
        node.Host.AgentTerm++;
        node.Host.StagingDigest = null;
        node.Host.LastError = null;
        node.Host.CheckResult = null;
        node.Host.IsChecking = false;
        var boots = node.Host.Boots;
        World.Time.In(Grace, () =>
        {
            if (!node.Gone && (!node.Host.IsUp || node.Host.Boots == boots || node.KubeletSession != node.Host.Session))
            {
                NotReady(node);
            }
        });
    }

    private void Up(SimulatedNode node, SimulatedBoot outcome, string? wanted, string? version)
    {
        var host = node.Host;
        host.IsUp = true;
        host.Boots++;
        if (host.EntersSoftly && outcome is not (SimulatedBoot.PowerCut or SimulatedBoot.FallsBack or SimulatedBoot.Unexpected))
        {
            host.SoftReboots++;
        }
        else
        {
            (host.BootID, host.SoftReboots) = ($"{node.Uid}-boot-{host.Boots}", 0);
        }

        host.EntersSoftly = false;
        host.BootedAt = (World.Now + host.Skew).TruncateToSeconds();
        host.Staged = null;
        host.HasKubelet = outcome is not (SimulatedBoot.WithoutKubelet or SimulatedBoot.Hangs);
        host.HasAgent = outcome != SimulatedBoot.Hangs;
        host.IsHealthy = outcome != SimulatedBoot.Unhealthy;
        var former = new Deployment { Digest = host.Booted, Version = host.BootedVersion };
        switch (outcome)
        {
            case SimulatedBoot.Unexpected:
                host.FellBackBecause = host.Booted == Foreign ? Reasons.BootFellBack : null;
                (host.Booted, host.BootedVersion) = (Foreign, "foreign");
                break;
            case SimulatedBoot.PowerCut or SimulatedBoot.FallsBack:
                break;
            default:
                host.Booted = wanted ?? host.Booted;
                host.BootedVersion = wanted is null ? host.BootedVersion : version;
                break;
        }

        if (outcome is not (SimulatedBoot.PowerCut or SimulatedBoot.FallsBack) && wanted is not null)
        {
            Change(node);
        }

        host.DropsChanges = false;
        host.Former = host.Booted == former.Digest ? host.Former : former;
        World.Tell(node.Name, $"host: is up with {MessageText.Of(host.Booted, host.BootedVersion)}{(host.HasAgent ? host.HasKubelet ? "" : ", without a kubelet" : ", without kubelet and agent")}");
        Watch(node, host.Boots);
        if (outcome == SimulatedBoot.Flapping)
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
    private void Change(SimulatedNode node)
    {
        var host = node.Host;
        if (host is { DropsChanges: true, Drift: { } drift })
        {
            host.Drift = host.DriftsAgain-- > 0 ? drift : null;
        }

        if (host.ForeignAgain > 0)
        {
            host.ForeignAgain--;
            World.Time.In(TimeSpan.FromMinutes(20), () =>
            {
                if (node is { Gone: false, Host.IsUp: true })
                {
                    BootForeign(node);
                }
            });
        }
    }

    /// <summary>Somebody reboots the host into a tree of their own.</summary>
    public void BootForeign(SimulatedNode node)
    {
        World.Tell(node.Name, "someone: boots another image");
        node.Host.DropsChanges = false;
        Down(node);
        World.Time.In(World.Draw(World.Scenario.Latencies.Boot), () =>
        {
            if (!node.Gone)
            {
                Up(node, SimulatedBoot.Unexpected, null, null);
            }
        });
    }

    /// <summary>The host's own watchdog: armed with the order to boot, disarmed by the agent's word that the host is healthy.</summary>
    private void Watch(SimulatedNode node, int boots)
    {
        if (node.Host.Watchdog is not { } watchdog || watchdog.Target != node.Host.Booted)
        {
            return;
        }

        World.Time.LastIn(watchdog.Timeout, () =>
        {
            if (node.Gone || !node.Host.IsUp || node.Host.Boots != boots || node.Host.Watchdog is null)
            {
                return;
            }

            World.Tell(node.Name, $"host: watchdog rolls back to {MessageText.Of(watchdog.Previous.Digest, watchdog.Previous.Version)}");
            node.Host.Watchdog = null;
            var checksPass = node.Host.CheckResult == true;
            Reboot(node, watchdog.Previous.Digest, watchdog.Previous.Version, Goal.Rollback);
            node.Host.FellBackBecause = World.ApiOutages > 0 && checksPass ? Reasons.ApiUnreachable : Reasons.WatchdogExpired;
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
            simulation.Agents.CheckAgain(node);
            Flap(node, boots, times - 1);
        });

    public void Ready(SimulatedNode node)
    {
        node.Ready = true;
        if (node.KubeletSession != node.Host.Session)
        {
            World.Volumes.Boot(node.Name, World.Pods.On(node.Name));
        }

        (node.KubeletBootID, node.KubeletSession) = (node.Host.BootID, node.Host.Session);
        node.Heartbeat = (World.Now + node.Host.Skew).TruncateToSeconds();
        node.Touch();
        World.Tell(node.Name, "kubelet: Ready");
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
        World.Tell(node.Name, "kubelet: not Ready");
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
                    World.Tell(node.Name, $"volumes: that of {pod.Name} is detached");
                    simulation.Controller.Enqueue();
                }
            });
        }
    }
}
