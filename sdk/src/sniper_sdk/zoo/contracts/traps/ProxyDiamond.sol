// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Diamond} from "base/Diamond.sol";

/// Trap: a diamond whose owner replaces single functions.
contract ProxyDiamond is Diamond {
    struct Cut {
        address facet;
        uint8 action;
        bytes4[] selectors;
    }

    constructor(string memory name_, string memory symbol_, uint256 supply) Diamond(name_, symbol_, supply) {
        _facets().owner = msg.sender;
    }

    function diamondCut(Cut[] calldata cuts, address, bytes calldata) external {
        require(msg.sender == _facets().owner, "not the owner");
        for (uint256 i = 0; i < cuts.length; i++) {
            for (uint256 k = 0; k < cuts[i].selectors.length; k++) {
                _facets().facetOf[cuts[i].selectors[k]] = cuts[i].facet;
            }
        }
    }
}
