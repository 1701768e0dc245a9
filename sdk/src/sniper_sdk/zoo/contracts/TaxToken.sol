// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Trap: a share of each sell goes to the owner, who may change it at any time. Starts at `taxBasisPoints`: 9,000 is a
/// trap at once, 200 is one that closes later.
contract TaxToken is OwnedToken {
    uint256 public taxBasisPoints;

    event TaxChanged(uint256 basisPoints);

    constructor(string memory name_, string memory symbol_, uint256 supply, uint256 taxBasisPoints_)
        PlainToken(name_, symbol_, supply)
    {
        taxBasisPoints = taxBasisPoints_;
    }

    function setTax(uint256 basisPoints) external onlyOwner {
        require(basisPoints <= 10_000, "more than everything");
        taxBasisPoints = basisPoints;
        emit TaxChanged(basisPoints);
    }

    function _move(address from, address to, uint256 amount) internal override {
        uint256 tax = _isSell(from, to) ? (amount * taxBasisPoints) / 10_000 : 0;
        super._move(from, to, amount - tax);
        if (tax > 0) super._move(from, owner, tax);
    }
}
