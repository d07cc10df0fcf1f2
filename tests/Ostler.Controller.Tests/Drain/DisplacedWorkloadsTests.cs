using Microsoft.Extensions.Time.Testing;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class DisplacedWorkloadsTests
{
    [Fact]
    public async Task Pods_lead_to_the_workloads_that_people_know_and_each_is_read_once()
    {
        await using var server = Server();

        var facts = await AskAsync(server, of: [Pod("ReplicaSet", "web-abc"), Pod("ReplicaSet", "web-abc"), Pod("ReplicaSet", "lone"), Pod("StatefulSet", "db"),
            Pod("ReplicationController", "old"), Pod("Job", "job"), Pod("ReplicaSet", "gone"), Pod(null, "")]);

        Assert.Equal(
            [new("Deployment", "apps", "web", 4, 3), new("ReplicaSet", "apps", "lone", 2, 2), new("ReplicationController", "apps", "old", 1, 1), new("StatefulSet", "apps", "db", 3, 2)],
            facts.Workloads);
        Assert.Equal(Given.Now, facts.At);
        Assert.Single(server.Received, r => r.Path.EndsWith("/deployments/web", StringComparison.Ordinal));
        Assert.All(server.Received, r => Assert.Equal("GET", r.Method));
    }

    public static TheoryData<string, WorkloadState> Named => new()
    {
        { "Deployment/web", new("Deployment", "apps", "web", 4, 3) },
        { "Deployment/zero", new("Deployment", "apps", "zero", 2, 0) },
        { "Deployment/off", new("Deployment", "apps", "off", 0, 0) },
        { "Deployment/deleted", new("Deployment", "apps", "deleted", null, 0) },
        { "StatefulSet/db", new("StatefulSet", "apps", "db", 3, 2) },
        { "StatefulSet/before-1.22", new("StatefulSet", "apps", "before-1.22", 3, 1) },
    };

    [Theory, MemberData(nameof(Named))]
    public async Task A_workload_is_read_by_its_name(string name, WorkloadState expected)
    {
        await using var server = Server();
        var parts = name.Split('/');

        Assert.Equal([expected], (await AskAsync(server, named: [new() { Kind = parts[0], Namespace = "apps", Name = parts[1] }])).Workloads);
    }

    private static async Task<WorkloadFacts> AskAsync(ScriptedServer server, PodFacts[]? of = null, DisplacedWorkload[]? named = null)
    {
        using var client = Given.Client(server);
        return await new DisplacedWorkloads(client, new FakeTimeProvider(Given.Now))
            .AskAsync(new("n1", "uid-n1", Given.Now) { Of = of ?? [], Named = named ?? [] }, Given.Cancel);
    }

    private static PodFacts Pod(string? kind, string owner) =>
        new() { Namespace = "apps", Name = $"{owner}-x", Uid = $"{owner}-x", Controller = kind is null ? null : new(kind, owner, owner) };

    private static ScriptedServer Server() => Given.Server((request, response) => request.Path switch
    {
        "/apis/apps/v1/namespaces/apps/replicasets/web-abc" => response.JsonAsync(Workload("web-abc", """{"replicas":4}""", """{"availableReplicas":1}""", "Deployment/web")),
        "/apis/apps/v1/namespaces/apps/replicasets/lone" => response.JsonAsync(Workload("lone", """{"replicas":2}""", """{"availableReplicas":2}""")),
        "/apis/apps/v1/namespaces/apps/deployments/web" => response.JsonAsync(Workload("web", """{"replicas":4}""", """{"availableReplicas":3,"readyReplicas":4}""")),
        "/apis/apps/v1/namespaces/apps/deployments/zero" => response.JsonAsync(Workload("zero", """{"replicas":2}""", """{"readyReplicas":2}""")),
        "/apis/apps/v1/namespaces/apps/deployments/off" => response.JsonAsync(Workload("off", """{"replicas":0}""", "{}")),
        "/apis/apps/v1/namespaces/apps/statefulsets/db" => response.JsonAsync(Workload("db", """{"replicas":3}""", """{"availableReplicas":2,"readyReplicas":3}""")),
        "/apis/apps/v1/namespaces/apps/statefulsets/before-1.22" => response.JsonAsync(Workload("before-1.22", """{"replicas":3}""", """{"readyReplicas":1}""")),
        "/api/v1/namespaces/apps/replicationcontrollers/old" => response.JsonAsync(Workload("old", """{"replicas":1}""", """{"availableReplicas":1}""")),
        "/apis/apps/v1/namespaces/apps/replicasets/gone" or "/apis/apps/v1/namespaces/apps/deployments/deleted" => response.StatusAsync(404, "NotFound"),
        _ => throw new InvalidOperationException(request.ToString()),
    });

    private static string Workload(string name, string spec, string status, string? owner = null)
    {
        var owners = owner?.Split('/') is [var kind, var of] ? $$"""[{"apiVersion":"apps/v1","kind":"{{kind}}","name":"{{of}}","uid":"{{of}}","controller":true}]""" : "[]";
        return $$"""{"metadata":{"namespace":"apps","name":"{{name}}","uid":"{{name}}","ownerReferences":{{owners}}},"spec":{{spec}},"status":{{status}}}""";
    }
}
