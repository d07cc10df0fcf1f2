using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Simulation.Hosts;
using Ostler.Testing.Agents;

namespace Ostler.Testing.Tests.Agents;

public sealed class ApiAgentsTests
{
    [Fact]
    public async Task Agents_that_wait_for_an_order_end_when_they_are_cancelled()
    {
        using var nowhere = new ApiClient(new HttpClient { BaseAddress = new Uri("http://127.0.0.1:1/") });
        for (var round = 0; round < 50; round++)
        {
            var agents = new ApiAgents(nowhere, OstlerResources.NodeOSes, new(), TimeProvider.System);
            agents.Add(new SimulatedHost("n1", "digest", "1.0", "boot-1"));
            using var stop = new CancellationTokenSource();
            var running = agents.RunAsync(new Informer<NodeOS>(nowhere, OstlerResources.NodeOSes), stop.Token);

            // Its continuations run here, and would never return: on another thread the test can see that.
            await Task.Run(stop.Cancel, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
    }
}
