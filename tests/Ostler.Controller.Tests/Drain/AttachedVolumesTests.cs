using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class AttachedVolumesTests
{
    [Fact]
    public async Task The_volumes_of_the_node_count_but_those_of_pods_that_stay_do_not()
    {
        await using var server = Server();

        var facts = await AskAsync(server, new PodFacts { Namespace = "apps", Name = "proxy", Uid = "p", Claims = ["proxy-data", "unbound", "deleted"] });

        Assert.Equal(["pv-1", "pv-2"], facts.Attached);
        Assert.Equal(Given.Now, facts.At);
        Assert.Null(facts.Error);
    }

    [Fact]
    public async Task No_claim_is_read_that_does_not_matter()
    {
        await using var server = Server(attachments: "");

        Assert.Empty((await AskAsync(server, new PodFacts { Namespace = "apps", Name = "proxy", Uid = "p", Claims = ["proxy-data"] })).Attached);
        Assert.Single(server.Received);
    }

    private static async Task<VolumeFacts> AskAsync(ScriptedServer server, params PodFacts[] staying)
    {
        using var client = Given.Client(server);
        return await new AttachedVolumes(client, new FakeTimeProvider(Given.Now)).AskAsync(new("n1", "uid-n1", Given.Now, staying), Given.Cancel);
    }

    private static ScriptedServer Server(string? attachments = null) => Given.Server((request, response) => request.Path switch
    {
        "/apis/storage.k8s.io/v1/volumeattachments" => response.JsonAsync(
            $$"""{"metadata":{"resourceVersion":"1"},"items":[{{attachments ?? string.Join(',', Attachment("2", "n1"), Attachment("1", "n1"), Attachment("3", "n2"), Attachment("proxy", "n1"), Inline())}}]}"""),
        "/api/v1/namespaces/apps/persistentvolumeclaims/proxy-data" => response.JsonAsync("""{"metadata":{"namespace":"apps","name":"proxy-data","uid":"c"},"spec":{"volumeName":"pv-proxy"}}"""),
        "/api/v1/namespaces/apps/persistentvolumeclaims/unbound" => response.JsonAsync("""{"metadata":{"namespace":"apps","name":"unbound","uid":"u"},"spec":{}}"""),
        "/api/v1/namespaces/apps/persistentvolumeclaims/deleted" => response.StatusAsync(404, "NotFound"),
        _ => throw new InvalidOperationException(request.ToString()),
    });

    private static string Attachment(string volume, string node) =>
        $$$"""{"metadata":{"name":"a-{{{volume}}}","uid":"a-{{{volume}}}"},"spec":{"attacher":"csi.example","nodeName":"{{{node}}}","source":{"persistentVolumeName":"pv-{{{volume}}}"}},"status":{"attached":true}}""";

    // Its pod wrote the volume out; there is no PersistentVolume.
    private static string Inline() =>
        """{"metadata":{"name":"inline","uid":"inline"},"spec":{"attacher":"csi.example","nodeName":"n1","source":{"inlineVolumeSpec":{}}},"status":{"attached":true}}""";
}
