using Ostler.Kubernetes.Connections;

namespace Ostler.Kubernetes.Tests.Connections;

public sealed class KubeconfigClientTests
{
    [Theory]
    [InlineData("blue", "prod-west")]
    [InlineData("green", "lab")]
    [InlineData("gone", null)]
    public void The_cluster_is_that_of_the_current_context(string context, string? cluster)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, $$$"""
            apiVersion: v1
            kind: Config
            current-context: {{{context}}}
            clusters: []
            users: []
            contexts: [{name: blue, context: {cluster: prod-west, user: a}}, {name: green, context: {cluster: lab, user: a}}]
            """);

        Assert.Equal(cluster, KubeconfigClient.ClusterName(path));
        File.Delete(path);
    }
}
