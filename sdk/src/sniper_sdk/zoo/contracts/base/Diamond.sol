// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";
import {Proxy} from "base/Proxy.sol";

/// A token whose functions are in facets (EIP-2535), with the part of the standard's interface that shows them.
abstract contract Diamond is Proxy {
    struct Facets {
        mapping(bytes4 selector => address facet) facetOf;
        address owner;
    }

    constructor(string memory name_, string memory symbol_, uint256 supply) {
        LogicToken logic = new LogicToken();
        _facets().facetOf[logic.name.selector] = address(logic);
        _facets().facetOf[logic.symbol.selector] = address(logic);
        _facets().facetOf[logic.decimals.selector] = address(logic);
        _facets().facetOf[logic.totalSupply.selector] = address(logic);
        _facets().facetOf[logic.balanceOf.selector] = address(logic);
        _facets().facetOf[logic.allowance.selector] = address(logic);
        _facets().facetOf[logic.transfer.selector] = address(logic);
        _facets().facetOf[logic.transferFrom.selector] = address(logic);
        _facets().facetOf[logic.approve.selector] = address(logic);
        _begin(address(logic), abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
    }

    function facetAddress(bytes4 selector) external view returns (address) {
        return _facets().facetOf[selector];
    }

    function _implementation() internal view override returns (address facet) {
        facet = _facets().facetOf[msg.sig];
        require(facet != address(0), "no such function");
    }

    function _facets() internal pure returns (Facets storage found) {
        bytes32 slot = keccak256("diamond.standard.diamond.storage");
        assembly {
            found.slot := slot
        }
    }
}
