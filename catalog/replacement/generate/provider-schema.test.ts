import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoPackages } from "./go-packages";
import { type Attribute, readProvider, type Schema } from "./provider-schema";

const declarations = `package shop

import (
	"example.com/schema"
	tftags "github.com/hashicorp/terraform-provider-aws/internal/tags"
)

const attrColour = "colour"

var shelfSchema = sync.OnceValue(func() *schema.Schema {
	return &schema.Schema{Type: schema.TypeList, Optional: true, MaxItems: 1, Elem: &schema.Resource{
		Schema: map[string]*schema.Schema{"height": {Type: schema.TypeInt, Required: true, ForceNew: true}},
	}}
})

func (p *servicePackage) SDKResources(ctx context.Context) []*types.Resource {
	return []*types.Resource{
		{
			Factory:  resourceShop,
			TypeName: "aws_shop",
		},
	}
}

func (p *servicePackage) FrameworkResources(ctx context.Context) []*types.Resource {
	return []*types.Resource{
		{
			Factory:  newStallResource,
			TypeName: "aws_stall",
		},
	}
}

func resourceShop() *schema.Resource {
	// A "comment" with braces { that are not code.
	return &schema.Resource{
		CustomizeDiff: customdiff.All(
			shopForceNewOnSmaller,
			customdiff.ForceNewIf(names.AttrSize, func(_ context.Context, d *schema.ResourceDiff, meta any) bool {
				return d.Get("size").(int) > 3
			}),
		),
		SchemaFunc: func() map[string]*schema.Schema {
			return map[string]*schema.Schema{
				names.AttrKMSKeyID: {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true},
				attrColour: {
					Type:     schema.TypeString,
					Required: true,
					ForceNew: true,
					ValidateFunc: validation.StringInSlice([]string{"red", "blue"}, false),
				},
				"title": titleSchema(true),
				"note":  titleSchema(false),
				"shelf": shelfSchema(),
				"parts": {
					Type:     schema.TypeSet,
					Optional: true,
					Elem: &schema.Resource{Schema: map[string]*schema.Schema{"id": {Type: schema.TypeString, Required: true}}},
				},
				names.AttrTags: tftags.TagsSchema(),
				"odd":          somewhere.Else(),
			}
		},
	}
}

func titleSchema(forced bool) *schema.Schema {
	return &schema.Schema{Type: schema.TypeString, Optional: true, ForceNew: forced}
}

func shopForceNewOnSmaller(_ context.Context, diff *schema.ResourceDiff, _ any) error {
	if diff.HasChange(attrColour) {
		return diff.ForceNew("height")
	}
	return nil
}

func newStallResource(context.Context) (resource.ResourceWithConfigure, error) {
	r := &stallResource{}
	return r, nil
}

type stallResource struct {
	framework.ResourceWithModel[stallModel]
	baseStall
}

func (r *baseStall) Schema(ctx context.Context, request resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"owner": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"place": schema.StringAttribute{
				Optional: true,
				PlanModifiers: []planmodifier.String{
					stringplanmodifier.RequiresReplaceIfConfigured(),
				},
			},
			"mood": schema.StringAttribute{
				Optional:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(changes, "", "")},
			},
		},
		Blocks: map[string]schema.Block{
			"item": schema.SetNestedBlock{
				NestedObject: schema.NestedBlockObject{
					Attributes: map[string]schema.Attribute{"weight": schema.Int64Attribute{Optional: true}},
				},
			},
		},
	}
}

func (r *stallResource) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	response.RequiresReplace = []path.Path{path.Root("item")}
}
`;

const tags = `package tags

var TagsSchema = sync.OnceValue(func() *schema.Schema {
	return &schema.Schema{Type: schema.TypeMap, Optional: true}
})
`;

describe("reading the provider's source", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "provider-"));
    for (const [name, text] of [
      ["service/shop", declarations],
      ["tags", tags],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "declarations.go"), text);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const resource = (type: string) => readProvider(new GoPackages(folder)).resources.find((one) => one.type === type)!;
  const changes = (schema: Schema) => Object.fromEntries([...schema].map(([name, { change }]) => [name, change]));

  it("reads a schema of the plugin SDK through constants, helper functions, variables and other packages", () => {
    const { schema, depends } = resource("aws_shop");
    assert.deepEqual(changes(schema), {
      kmskeyid: "replacesWhenSet",
      colour: "replaces",
      title: "replaces",
      note: "inPlace",
      shelf: "inPlace",
      parts: "inPlace",
      tags: "inPlace",
      odd: "unknown",
    });
    assert.deepEqual(changes((schema.get("shelf") as Attribute).nested!), { height: "replaces" });
    assert.equal(schema.get("parts")?.set, true);
    assert.deepEqual(depends, ["height", "size"]);
  });

  it("reads a schema of the framework through a struct that is embedded, and its plan modifiers", () => {
    const { schema, depends } = resource("aws_stall");
    assert.deepEqual(changes(schema), {
      owner: "replaces",
      place: "replacesWhenSet",
      mood: "depends",
      item: "inPlace",
    });
    assert.equal(schema.get("item")?.set, true);
    assert.deepEqual(depends, ["item"]);
  });
});
