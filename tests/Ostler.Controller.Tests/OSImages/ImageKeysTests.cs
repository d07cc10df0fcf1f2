using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.OSImages;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.Tests.OSImages;

public sealed class ImageKeysTests
{
    private readonly List<string> _woken = [];
    private readonly ImageKeys _keys;

    public ImageKeysTests()
    {
        _keys = new(_woken.Add);
        _keys.OnImage(new(InformerEventType.Added, null, Given.Image("a")));
        _keys.OnImage(new(InformerEventType.Added, null, Given.Image("b")));
        _woken.Clear();
    }

    [Fact]
    public void A_changed_spec_wakes_the_image_and_a_changed_status_does_not()
    {
        var image = Given.Image("a");
        _keys.OnImage(new(InformerEventType.Updated, image, image with { Status = new() }));
        Assert.Empty(_woken);

        _keys.OnImage(new(InformerEventType.Updated, image, image with { Metadata = image.Metadata with { Generation = 2 } }));
        Assert.Equal(["a"], _woken);
    }

    [Fact]
    public void A_refresh_that_is_asked_for_wakes_the_image()
    {
        var image = Given.Image("a");
        var asked = image with
        {
            Metadata =
            image.Metadata with { Annotations = new Dictionary<string, string> { [OSImageAnnotations.RefreshRequestedAt] = "1" } }
        };
        _keys.OnImage(new(InformerEventType.Updated, image, asked));

        Assert.Equal(["a"], _woken);
    }

    [Fact]
    public void A_policy_wakes_all_images_when_its_failures_or_its_spec_change()
    {
        var policy = Given.Policy("p", status: new() { Nodes = new() });
        _keys.OnPolicy(new(InformerEventType.Updated, policy, policy with { Status = new() { Nodes = new() { Updated = 1 } } }));
        Assert.Empty(_woken);

        _keys.OnPolicy(new(InformerEventType.Updated, policy, policy with { Status = new() { FailedDigests = [new() { Digest = "d", Reason = "r", At = Given.Now }] } }));
        Assert.Equal(["a", "b"], _woken.Order());
    }

    [Fact]
    public void An_image_that_is_gone_is_woken_once_more_and_then_no_longer()
    {
        _keys.OnImage(new(InformerEventType.Deleted, Given.Image("a"), null));
        Assert.Equal(["a"], _woken);
        _woken.Clear();

        _keys.OnPolicy(new(InformerEventType.Added, null, Given.Policy("p")));
        Assert.Equal(["b"], _woken);
    }
}
